" Vim settings for gdl: the layout of `gdlc fmt`, and its errors in the quickfix list (:make).
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1
setlocal commentstring=//\ %s comments=:// shiftwidth=2 softtabstop=2 expandtab textwidth=120
setlocal formatoptions-=t makeprg=gdlc\ check\ %:S
setlocal errorformat=%f:%l:%c:\ %trror[%m,%f:%l:%c:\ %tarning[%m,%-G%.%#

" :GdlFmt lays the buffer out anew; what does not parse stays as it is.
command! -buffer GdlFmt call s:format()
if !exists("*s:format")
  function s:format()
    let lines = systemlist('gdlc fmt - 2>&1', getline(1, '$'))
    if v:shell_error
      echo join(lines, "\n")
      return
    endif
    let view = winsaveview()
    call setline(1, lines)
    if line('$') > len(lines)
      execute (len(lines) + 1) . ',$delete _'
    endif
    call winrestview(view)
  endfunction
endif
let b:undo_ftplugin = "setl cms< com< sw< sts< et< tw< fo< mp< efm< | delcommand -buffer GdlFmt"

" Vim indent of gdl: what `gdlc fmt` does, line by line. Two deeper inside of brackets and in a statement that goes on.
if exists("b:did_indent")
  finish
endif
let b:did_indent = 1
setlocal indentexpr=GdlIndent(v:lnum) indentkeys=0},0),0],0\|,!^F,o,O
let b:undo_indent = "setl inde< indk<"

function! s:text(line)
  return substitute(substitute(getline(a:line), '"\([^"\\]\|\\.\)*"', '', 'g'), '\s*//.*$', '', '')
endfunction

function! s:goes_on(line)
  return s:text(a:line) =~ '\(|>\|->\|[-+*/^=<>:]\|\<o[nf]\)\s*$'
endfunction

function! GdlIndent(line)
  let above = prevnonblank(a:line - 1)
  if above == 0
    return 0
  endif
  let indent = indent(above) - (s:text(above) =~ '^\s*->' ? 3 * shiftwidth() : 0)
  if s:text(a:line) =~ '^\s*->'
    let indent += 3 * shiftwidth()
  elseif s:text(above) =~ '[{(\[]\s*$'
    let indent += shiftwidth()
  elseif s:text(above) =~ '^\s*|>' && s:text(a:line) !~ '^\s*|>'
    let first = above
    while first > 1 && s:text(first) =~ '^\s*|>'
      let first = prevnonblank(first - 1)
    endwhile
    let indent = indent(first)
  elseif s:text(a:line) =~ '^\s*|>' && s:text(above) !~ '^\s*|>'
    let indent += shiftwidth()
  elseif s:goes_on(above) && !s:goes_on(prevnonblank(above - 1))
    let indent += shiftwidth()
  elseif !s:goes_on(above) && s:goes_on(prevnonblank(above - 1))
    let indent -= shiftwidth()
  endif
  if s:text(a:line) =~ '^\s*[})\]]'
    let indent -= shiftwidth()
  endif
  return indent
endfunction

au BufRead,BufNewFile *.gdl setfiletype gdl

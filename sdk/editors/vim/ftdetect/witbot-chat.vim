autocmd BufNewFile,BufRead *.chat setfiletype witbotchat

" Conversations that test witbot plugins. Of items that match at one place, Vim takes the last.
if exists('b:current_syntax')
  finish
endif

syntax match chatAnything /…/
syntax match chatMessage /^\s*\(\~ \)\?#\S\+ \S\+\( (edited)\)\?:/
syntax match chatHappens /^\* \([^ :]\+:\)\?/
syntax match chatSays /^> \(@\S\+ #[^ :]\+\(: \| presses: \)\)\?/
syntax match chatComment /^#\( .*\)\?$/

highlight default link chatAnything Special
highlight default link chatMessage Identifier
highlight default link chatHappens PreProc
highlight default link chatSays Statement
highlight default link chatComment Comment

let b:current_syntax = 'witbotchat'

# Completion of minidock for fish. In ~/.config/fish/config.fish:  minidock completion fish | source
function __minidock_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program minidock
    # An alias is a function that completes as what it calls: its name is no program.
    string match -q '*/minidock' -- $words[1]; and set program (string replace -r '^~/' $HOME/ -- $words[1])
    set -l answer (command $program __complete fish -- $words[2..-1] "$current" 2>/dev/null)
    switch "$answer[1]"
        case files directories
            set -l prefix (string match -r -- '^--[^=]*=' $current)
            set -l typed (string replace -- "$prefix" '' $current)
            for path in (complete -C"'' $typed")
                if test $answer[1] = files; or string match -q '*/' -- $path
                    printf '%s\n' "$prefix$path"
                end
            end
        case '*'
            printf '%s\n' $answer[2..-1]
    end
end
complete -c minidock -f -a '(__minidock_complete)'

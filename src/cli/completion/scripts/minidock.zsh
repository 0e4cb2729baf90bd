#compdef minidock
# Completion of minidock for zsh. In ~/.zshrc, after compinit:  source <(minidock completion zsh)
_minidock() {
    local program=$words[1] line
    # With COMPLETE_ALIASES zsh completes an alias without expanding it.
    local -a alias=(${(z)aliases[$program]-}) answer described space
    (( $#alias )) && program=${alias[(r)(minidock|*/minidock)]}
    answer=("${(@f)$(command ${~program} __complete zsh -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    case ${answer[1]-} in
        files) compset -P '--*='; _files; return ;;
        directories) compset -P '--*='; _files -/; return ;;
        nospace) space=(-S '') ;;
    esac
    for line in "${answer[@]:1}"; do
        line=${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}
        described+=("${line%:}")
    done
    _describe -V minidock described "${space[@]}"
}
if [[ ${funcstack[1]-} == _minidock ]]; then
    _minidock "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _minidock minidock
    if [[ -o completealiases && ${aliases[docker]-} == *minidock* ]]; then compdef _minidock docker; fi
fi

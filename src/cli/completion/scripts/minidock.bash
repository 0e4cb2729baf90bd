# Completion of minidock for bash. In ~/.bashrc:  source <(minidock completion bash)
_minidock() {
    local line=${COMP_LINE:0:COMP_POINT} first=${COMP_WORDS[0]} program='' word
    # bash completes an alias without expanding it.
    if [[ -n ${BASH_ALIASES[$first]-} ]]; then
        line="${BASH_ALIASES[$first]}${line#"$first"}"
    fi
    local IFS=$' \t\n'
    for word in $line; do
        if [[ $word == minidock || $word == */minidock ]]; then
            program=${word/#\~\//$HOME/}
            break
        fi
    done
    if [[ -z $program ]]; then
        # `docker` is no alias of ours: after 124 bash looks again for whoever completes it.
        [[ $first == docker ]] && complete -r docker && return 124
        return
    fi
    IFS=$'\n'
    local answer=($(command "$program" __complete bash "$line" "$COMP_WORDBREAKS" 2>/dev/null))
    case ${answer[0]-} in
        files) compopt -o default ;;
        directories) compopt -o dirnames ;;
        nospace) compopt -o nospace ;;
    esac
    COMPREPLY=("${answer[@]:1}")
    COMPREPLY=("${COMPREPLY[@]%%$'\t'*}")
}
complete -F _minidock minidock docker

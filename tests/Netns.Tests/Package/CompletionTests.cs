using System;
using System.IO;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Package;

/// <summary>Completion of the command line in the shells themselves, with what the daemon suggests.</summary>
public sealed class CompletionTests : IDisposable
{
    private static readonly string s_scripts = Path.Combine(Repository.Root, "dist", "completion");

    private readonly DirectoryInfo _home =
        Directory.CreateTempSubdirectory($"overlay-t{Environment.ProcessId}-completion-");

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public void In_bash() => Assert.Equal(
        """
        lease
        remove reserve
        --iface --iface-can-reach --iface-regex
        auto kernel user
        user
        file

        """,
        Run("bash", "bash", "--norc", "-c", $$"""
        source {{s_scripts}}/overlay.bash
        complete -p overlay | grep -q -- '-o default' || exit 1
        complete_line() {
          COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=($1) COMPREPLY=()
          _overlay
          echo "${COMPREPLY[*]:-file}"
        }
        complete_line "overlay lea"
        complete_line "overlay lease re"
        complete_line "/usr/bin/overlay --ifa"
        complete_line "overlay run --datapath "
        complete_line "overlay run --datapath=us"
        complete_line "overlay run --subnet-file /etc/pass"
        """));

    [Fact]
    public void In_fish() => Assert.Equal(
        """
        lease
        remove reserve
        --iface --iface-can-reach --iface-regex
        auto kernel user
        --datapath=user
        HOME/subnet.env

        """,
        Run("fish", "fish", "--no-config", "-c", $$"""
        source {{s_scripts}}/overlay.fish
        for line in "overlay lea" "overlay lease re" "/usr/bin/overlay --ifa" "overlay run --datapath " \
            "overlay run --datapath=us" "overlay run --subnet-file $HOME/subn"
          complete -C $line | string replace -r '\t.*' '' | string replace $HOME HOME | string join ' '
        end
        true
        """));

    // zsh completes in a terminal only: it gets one, keys are typed, and the line that comes of them is printed by it.
    [Fact]
    public void In_zsh() => Assert.Equal(
        "overlay --ip-masq-fully-random-disable --datapath user --subnet-file ~/subnet.env --datapath=kernel\n",
        Run("zsh", "timeout", "50", "zsh", "-f", "-c", $$"""
        zmodload zsh/zpty
        setopt extended_glob
        zpty shell 'TERM=dumb COLUMNS=1000 zsh -f -i'
        zpty -w shell 'PROMPT=; unsetopt prompt_sp prompt_cr zle_bracketed_paste 2>/dev/null; bindkey -e'
        zpty -w shell 'fpath=({{s_scripts}} $fpath); autoload -U compinit; compinit -D -u; stty columns 1000'
        zpty -w shell 'finish() { print -r -- "[$BUFFER]"; exit }; zle -N finish; bindkey "^G" finish; print rea""dy'
        while zpty -r shell text; do [[ $text == *ready* ]] && break; done
        zpty -w -n shell $'overlay --ip-masq-f\t--datapath us\t--subnet-file ~/subn\t--datapath=ker\t\C-g'
        while zpty -r shell text; do
          if [[ $text == *\[(#b)(overlay*)\]* ]]; then print -r -- ${match[1]% }; break; fi
        done
        """));

    private string Run(string shell, params string[] words)
    {
        Needs.NotQuick("a shell of its own");
        Needs.Program(shell, shell);
        File.WriteAllText(Path.Combine(_home.FullName, "subnet.env"), string.Empty);
        CommandResult result = ChildCommand.Run([
            "env", $"HOME={_home.FullName}", $"PATH={Path.GetDirectoryName(RunningProgram.OverlayPath)}:/usr/bin:/bin",
            .. words]);
        Assert.True(result.Succeeded, $"{shell}: {result.Output}{result.Error}");
        return result.Output;
    }
}

namespace Overlay.Daemon.Backends.Fallback;

/// <summary>By what packets to a peer go.</summary>
internal enum Way
{
    /// <summary>The vxlan device.</summary>
    Vxlan,

    /// <summary>The udp backend.</summary>
    Udp,
}

/// <summary>
/// Decides by what packets to one peer go. It is told of every question and answer and asked once between two
/// questions, so its time is counted in questions: a process that was held up for long misjudges nobody. Pure state;
/// one call at a time.
/// </summary>
/// <remarks>
/// <para>VXLAN works until <see cref="MissesToLeave"/> questions in a row are not answered, and, once packets go by
/// udp, again after <see cref="AnswersToReturn"/> in a row are.</para>
/// <para>udp is used while it is answered and one of the two says that VXLAN does not work. When neither is answered
/// the peer's daemon is away, and not VXLAN broken: its kernel may still forward, and by VXLAN only.</para>
/// <para>Each says whether its own questions are answered, and not which way it uses, so that no two can keep each
/// other from returning.</para>
/// </remarks>
internal sealed class PeerWay
{
    /// <summary>So many questions without an answer, one after the other, and a way does not work.</summary>
    internal const int MissesToLeave = 3;

    /// <summary>So many answered, one after the other, and VXLAN works again.</summary>
    internal const int AnswersToReturn = 5;

    private readonly QuestionLog _vxlan = new();
    private readonly QuestionLog _udp = new();

    private bool _peerSaysItWorks = true;

    /// <summary>By what packets go now.</summary>
    internal Way Way { get; private set; }

    /// <summary>Whether VXLAN works as far as our own questions say: what the peer is told.</summary>
    internal bool VxlanWorks { get; private set; } = true;

    /// <summary>Why not by VXLAN, in words; null when by it.</summary>
    internal string? Cause { get; private set; }

    /// <summary>Whether udp is to be asked, too: as soon as there is any doubt about VXLAN.</summary>
    internal bool AsksByUdp => Way == Way.Udp || !VxlanWorks || !_peerSaysItWorks || _vxlan.Misses > 0;

    /// <summary>A question leaves.</summary>
    internal void Asked(Way way, ulong nonce) => LogOf(way).Asked(nonce);

    /// <summary>An answer has come; one to no question of ours is nothing.</summary>
    internal void Answered(Way way, ulong nonce, bool peerSaysItWorks)
    {
        if (LogOf(way).Answered(nonce))
        {
            _peerSaysItWorks = peerSaysItWorks;
        }
    }

    /// <summary>The peer asks.</summary>
    /// <param name="peerSaysItWorks">What it says of VXLAN.</param>
    internal void WasAsked(bool peerSaysItWorks) => _peerSaysItWorks = peerSaysItWorks;

    /// <summary>Decides anew, before the next question.</summary>
    /// <param name="hasDevice">Whether this host has the vxlan device, and it is up.</param>
    /// <returns>Whether packets go another way than before.</returns>
    internal bool Judge(bool hasDevice)
    {
        Way before = Way;
        if (!hasDevice)
        {
            // Without the device's routes the kernel takes the tunnel's by itself.
            _vxlan.Forget();
            VxlanWorks = false;
            (Way, Cause) = (Way.Udp, "no VXLAN on this host");
        }
        else
        {
            JudgeByAnswers();
        }

        if (!AsksByUdp)
        {
            _udp.Forget();
        }

        return Way != before;
    }

    private void JudgeByAnswers()
    {
        if (_vxlan.Misses >= MissesToLeave)
        {
            VxlanWorks = false;
        }
        else if (_vxlan.AnswersInARow >= (Way == Way.Udp ? AnswersToReturn : 1))
        {
            VxlanWorks = true;
        }

        bool udpWorks = _udp.HasAnswer && _udp.Misses < MissesToLeave;
        Way = udpWorks && !(VxlanWorks && _peerSaysItWorks) ? Way.Udp : Way.Vxlan;
        Cause = Way == Way.Vxlan ? null : !VxlanWorks ? "no answer by VXLAN" : "the peer gets no answer by VXLAN";
    }

    private QuestionLog LogOf(Way way) => way == Way.Vxlan ? _vxlan : _udp;

    /// <summary>The latest questions of one way, and what became of them.</summary>
    private sealed class QuestionLog
    {
        // An answer that comes late, after more questions, still proves the way.
        private readonly ulong[] _nonces = new ulong[MissesToLeave];

        private long _asked;
        private long _lastAnswered;

        /// <summary>The latest questions that were not answered.</summary>
        internal long Misses => _asked - _lastAnswered;

        /// <summary>The latest questions that were answered, without one in between that was not.</summary>
        internal int AnswersInARow { get; private set; }

        /// <summary>Whether any was answered.</summary>
        internal bool HasAnswer { get; private set; }

        internal void Asked(ulong nonce)
        {
            if (Misses > 0)
            {
                AnswersInARow = 0;
            }

            _nonces[_asked++ % MissesToLeave] = nonce;
        }

        internal bool Answered(ulong nonce)
        {
            for (long number = _asked; number > _lastAnswered && number > _asked - MissesToLeave; number--)
            {
                if (_nonces[(number - 1) % MissesToLeave] == nonce)
                {
                    _lastAnswered = number;
                    AnswersInARow++;
                    HasAnswer = true;
                    return true;
                }
            }

            return false;
        }

        internal void Forget() => (_lastAnswered, AnswersInARow, HasAnswer) = (_asked, 0, false);
    }
}

using Overlay.Daemon.Backends.Fallback;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Fallback;

/// <summary>By what packets to a peer go, question by question.</summary>
public sealed class PeerWayTests
{
    private readonly PeerWay _peer = new();

    private ulong _nonce;

    [Fact]
    public void While_vxlan_is_answered_packets_go_by_it_and_nothing_else_is_asked()
    {
        for (int second = 0; second < 20; second++)
        {
            Assert.Equal((false, Way.Vxlan, false), (_peer.Judge(hasDevice: true), _peer.Way, _peer.AsksByUdp));
            Ask(vxlan: true, udp: false);
        }
    }

    [Fact]
    public void Three_questions_without_an_answer_and_packets_go_by_udp_which_is_asked_from_the_second_on()
    {
        Second(vxlan: true, udp: true);
        Ask(vxlan: false, udp: true);
        Assert.True(_peer.AsksByUdp);
        Assert.False(Second(vxlan: false, udp: true));
        Assert.False(Second(vxlan: false, udp: true));
        Assert.True(_peer.VxlanWorks);

        Assert.True(_peer.Judge(hasDevice: true));
        Assert.Equal((Way.Udp, false, "no answer by VXLAN"), (_peer.Way, _peer.VxlanWorks, _peer.Cause));
    }

    [Fact]
    public void A_peer_that_answers_neither_way_is_away_and_its_packets_stay_with_vxlan()
    {
        for (int second = 0; second < 10; second++)
        {
            Assert.False(Second(vxlan: false, udp: false));
        }

        Assert.Equal((Way.Vxlan, false), (_peer.Way, _peer.VxlanWorks));
        Second(vxlan: true, udp: true); // its daemon is back, and udp answers no earlier than VXLAN
        Assert.False(_peer.Judge(hasDevice: true));
        Assert.Equal((Way.Vxlan, true), (_peer.Way, _peer.VxlanWorks));
    }

    [Fact]
    public void Back_to_vxlan_takes_five_answers_in_a_row()
    {
        Fall();
        for (int second = 0; second < PeerWay.AnswersToReturn - 1; second++)
        {
            Assert.False(Second(vxlan: true, udp: true));
        }

        Assert.False(Second(vxlan: false, udp: true));
        for (int second = 0; second < PeerWay.AnswersToReturn; second++)
        {
            Assert.False(Second(vxlan: true, udp: true));
        }

        Assert.True(_peer.Judge(hasDevice: true));
        Assert.Equal((Way.Vxlan, true, null), (_peer.Way, _peer.VxlanWorks, _peer.Cause));
        Assert.False(_peer.AsksByUdp);
    }

    [Fact]
    public void One_lost_question_by_udp_changes_nothing_and_three_give_the_packets_back()
    {
        Fall();
        Assert.False(Second(vxlan: false, udp: false));
        Assert.False(Second(vxlan: false, udp: true));
        Assert.False(Second(vxlan: false, udp: false));
        Assert.False(Second(vxlan: false, udp: false));
        Assert.False(Second(vxlan: false, udp: false));

        Assert.True(_peer.Judge(hasDevice: true));
        Assert.Equal(Way.Vxlan, _peer.Way);
    }

    [Fact]
    public void What_the_peer_says_of_vxlan_counts_as_much_and_no_two_wait_for_each_other()
    {
        Second(vxlan: true, udp: true);
        _peer.WasAsked(peerSaysItWorks: false);
        Assert.False(Second(vxlan: true, udp: true, peerSays: false)); // udp is asked now
        Assert.True(Second(vxlan: true, udp: true, peerSays: false));
        Assert.Equal((Way.Udp, "the peer gets no answer by VXLAN"), (_peer.Way, _peer.Cause));
        Assert.True(_peer.VxlanWorks); // and so the peer is told

        Assert.False(Second(vxlan: true, udp: true, peerSays: true));
        Assert.True(_peer.Judge(hasDevice: true));
        Assert.Equal(Way.Vxlan, _peer.Way);
    }

    [Fact]
    public void A_late_answer_counts_one_of_no_question_does_not_and_neither_does_one_given_twice()
    {
        Fall();
        ulong late = _nonce + 1;
        Ask(vxlan: false, udp: true);
        Ask(vxlan: false, udp: true);
        _peer.Answered(Way.Vxlan, late, peerSaysItWorks: false);
        _peer.Answered(Way.Vxlan, late, peerSaysItWorks: true);
        _peer.Answered(Way.Vxlan, late - 100, peerSaysItWorks: true);
        for (int count = 0; count < PeerWay.AnswersToReturn; count++)
        {
            _peer.Answered(Way.Vxlan, 1_000_000, peerSaysItWorks: true);
            _peer.Answered(Way.Udp, late, peerSaysItWorks: true);
        }

        Assert.False(_peer.Judge(hasDevice: true));
        Assert.Equal(Way.Udp, _peer.Way);
    }

    [Fact]
    public void Without_a_device_packets_go_by_udp_at_once_and_by_vxlan_again_after_five_answers()
    {
        Second(vxlan: true, udp: false);
        Assert.True(_peer.Judge(hasDevice: false));
        Assert.Equal((Way.Udp, false), (_peer.Way, _peer.VxlanWorks));
        Assert.False(_peer.Judge(hasDevice: false));
        Ask(vxlan: false, udp: true);
        for (int second = 0; second < PeerWay.AnswersToReturn; second++)
        {
            Assert.False(Second(vxlan: true, udp: true));
        }

        Assert.True(_peer.Judge(hasDevice: true));
        Assert.Equal(Way.Vxlan, _peer.Way);
    }

    private void Fall()
    {
        Second(vxlan: true, udp: true);
        while (!_peer.Judge(hasDevice: true))
        {
            Ask(vxlan: false, udp: true);
        }

        Assert.Equal(Way.Udp, _peer.Way);
    }

    private bool Second(bool vxlan, bool udp, bool peerSays = true)
    {
        bool hasChanged = _peer.Judge(hasDevice: true);
        Ask(vxlan, udp, peerSays);
        return hasChanged;
    }

    private void Ask(bool vxlan, bool udp, bool peerSays = true)
    {
        bool asksByUdp = _peer.AsksByUdp;
        _peer.Asked(Way.Vxlan, ++_nonce);
        if (vxlan)
        {
            _peer.Answered(Way.Vxlan, _nonce, peerSays);
        }

        if (asksByUdp)
        {
            _peer.Asked(Way.Udp, _nonce);
            if (udp)
            {
                _peer.Answered(Way.Udp, _nonce, peerSays);
            }
        }
    }
}

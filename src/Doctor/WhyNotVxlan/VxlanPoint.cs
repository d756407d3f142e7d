namespace Overlay.Doctor.WhyNotVxlan;

/// <summary>One thing that VXLAN needs.</summary>
/// <param name="Subject">In a word: <c>kernel</c>.</param>
/// <param name="IsGood">Whether it is as VXLAN needs it; null where that is not known, or makes no difference.</param>
/// <param name="Found">What was seen.</param>
/// <param name="Fix">What to do where it is not good; else empty.</param>
internal sealed record VxlanPoint(string Subject, bool? IsGood, string Found, string Fix = "");

namespace Overlay.Cni.Protocol;

/// <summary>Codes of errors (CNI specification 1.1.0, section 5, "Error").</summary>
internal static class CniError
{
    /// <summary>The config is of a version that the plugin or the verb does not have.</summary>
    internal const int IncompatibleVersion = 1;

    /// <summary>A variable of the environment is missing or invalid.</summary>
    internal const int InvalidEnvironment = 4;

    /// <summary>Reading or writing failed.</summary>
    internal const int InputOutput = 5;

    /// <summary>The config is no JSON, or a field has another type.</summary>
    internal const int Decoding = 6;

    /// <summary>The config says what cannot be.</summary>
    internal const int InvalidConfig = 7;

    /// <summary>Something is not ready yet; the runtime tries again.</summary>
    internal const int TryAgainLater = 11;

    /// <summary>STATUS: no pod can be given a network now.</summary>
    internal const int NotAvailable = 50;

    /// <summary>A delegate is missing, did not end, or said nothing that can be understood.</summary>
    internal const int DelegateFailed = 100;

    /// <summary>CHECK: the pod's network is not what it was.</summary>
    internal const int AttachmentDiffers = 101;
}

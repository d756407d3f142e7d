namespace Overlay.Lease.StoreKit;

/// <summary>The network config as a store holds it.</summary>
public static class StoredConfigText
{
    /// <summary>A config to show to whoever has none that is valid.</summary>
    public const string Example = """{"Network":"10.244.0.0/16","Backend":{"Type":"udp"}}""";

    /// <summary>Reads and checks it.</summary>
    /// <param name="json">As it is stored.</param>
    /// <param name="place">Where it is, for a message: a file's path, or a key.</param>
    /// <param name="correction">How to correct it there, for the end of a message.</param>
    /// <exception cref="LeaseStoreException">It breaks a rule; the line has the rule, the text and the
    /// correction.</exception>
    public static NetworkConfig Parse(string json, string place, string correction)
    {
        try
        {
            return NetworkConfig.Parse(json);
        }
        catch (NetworkConfigException problem)
        {
            throw new LeaseStoreException(
                $"the network config {place} is not valid: {problem.Message}; found: {OneLine.Shorten(json)}; "
                    + correction,
                problem);
        }
    }
}

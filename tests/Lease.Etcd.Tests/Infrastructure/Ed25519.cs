namespace Overlay.Lease.Etcd.Tests;

/// <summary>
/// A certificate with an Ed25519 key, which .NET cannot make. The key is a test's, published here: it protects nothing.
/// </summary>
/// <remarks>For 127.0.0.1 and etcd.example, signed by itself, valid from 2020 to 2120: "openssl genpkey -algorithm
/// ed25519", "openssl ca -selfsign".</remarks>
internal static class Ed25519
{
    internal const string Certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBZTCCARegAwIBAgIUbT8hdgv2WK425Xl0bKxYU2KJecAwBQYDK2VwMBIxEDAO
        BgNVBAMMB2VkMjU1MTkwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBa
        MBIxEDAOBgNVBAMMB2VkMjU1MTkwKjAFBgMrZXADIQDoRlN7AsAieNPH+9li/WyS
        ER+HT5hafRZDv11FMp5wxKN9MHswHQYDVR0OBBYEFDJFDI/5TikLFwWnTrqHcH/e
        f61TMB0GA1UdEQQWMBSHBH8AAAGCDGV0Y2QuZXhhbXBsZTAMBgNVHRMBAf8EAjAA
        MA4GA1UdDwEB/wQEAwIHgDAdBgNVHSUEFjAUBggrBgEFBQcDAQYIKwYBBQUHAwIw
        BQYDK2VwA0EA1eXdmIJasCsI0BwegmOGo/rAFfPbFbuJ9phiPVGEu2BOsLDENWep
        HHGlbr3fLPttx+7eAFIeHEjYnqQdH8+KAw==
        -----END CERTIFICATE-----
        """;

    internal const string Key = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIOoQowX/ZxxuCZVvn3LBPZ7V0jtPjUAUAStYjxBNA0Qi
        -----END PRIVATE KEY-----
        """;
}

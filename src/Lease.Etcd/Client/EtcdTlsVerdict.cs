using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Overlay.Lease.Etcd.Client;

/// <summary>Whether a member's certificate is good, and if not, why.</summary>
/// <remarks>
/// <para>A chain counts up to the first certificate that is one of the authorities, byte for byte; what stands above
/// that one is not looked at, as in Go. Up to there everything is as .NET and OpenSSL find it, with two additions for a
/// chain that ends at a certificate that did not sign itself: of its top, OpenSSL checks neither the dates nor, where
/// key usage is given, that it is an authority at all.</para>
/// <para>Where a chain leads to none of the authorities, it is looked whether one of them has signed a certificate of
/// it all the same, by issuer name and signature, as Go does. OpenSSL takes a certificate with one name for subject and
/// issuer for a root, whoever signed it, and goes by key identifiers.</para>
/// <para>Each sentence is said only after what it states has been looked up in the certificates themselves.</para>
/// </remarks>
internal static class EtcdTlsVerdict
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1", AnyUsage = "2.5.29.37.0"; // RFC 5280, 4.2.1.12

    // RFC 5280, 4.2.1: 9, 3, 12, 6 and 10.
    private const string BasicConstraints = "2.5.29.19", KeyUsage = "2.5.29.15", ExtendedKeyUsage = "2.5.29.37";
    private const string AlternativeName = "2.5.29.17", NameConstraint = "2.5.29.30";

    private const int MostNames = 10;

    private const X509ChainStatusFlags Untrusted =
        X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;

    private const X509ChainStatusFlags NameConstraints = X509ChainStatusFlags.InvalidNameConstraints
        | X509ChainStatusFlags.HasNotSupportedNameConstraint | X509ChainStatusFlags.HasNotDefinedNameConstraint
        | X509ChainStatusFlags.HasNotPermittedNameConstraint | X509ChainStatusFlags.HasExcludedNameConstraint;

    /// <summary>Judges what a handshake showed.</summary>
    /// <param name="host">The name it must be for.</param>
    /// <param name="shown">The member's certificate; null for none.</param>
    /// <param name="chain">As built from it, with the policy of the authorities.</param>
    /// <param name="errors">What .NET found.</param>
    /// <param name="authorities">Whom we trust.</param>
    /// <returns>Null when it is good; else one reason, the most telling: who renews an expired certificate sees the
    /// next one.</returns>
    internal static string? Judge(
        string host,
        X509Certificate2? shown,
        X509Chain? chain,
        SslPolicyErrors errors,
        EtcdTlsAuthorities authorities)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        if (shown is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "it shows no certificate";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)
            && FindFault(shown, chain, authorities) is { } fault)
        {
            return fault;
        }

        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? WhyMisnamed(shown, host)
            : null;
    }

    /// <summary>A moment of a certificate, as messages have it.</summary>
    internal static string Day(DateTime time) => $"{time.ToUniversalTime():yyyy-MM-dd HH:mm} UTC";

    /// <summary>Why a certificate is not valid today; null when it is.</summary>
    /// <param name="whose">How the sentence begins: for example <c>its certificate</c>.</param>
    /// <param name="certificate">It.</param>
    internal static string? FindWrongDate(string whose, X509Certificate2 certificate)
    {
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return certificate.NotAfter.ToUniversalTime() < now ? $"{whose} expired on {Day(certificate.NotAfter)}"
            : certificate.NotBefore.ToUniversalTime() > now
                ? $"{whose} is not valid before {Day(certificate.NotBefore)}; is the clock right?"
            : null;
    }

    private static string? FindFault(X509Certificate2 shown, X509Chain? chain, EtcdTlsAuthorities authorities)
    {
        X509ChainElement[] elements = chain is null ? [] : [.. chain.ChainElements];
        if (elements.Length == 0 || !elements[0].Certificate.RawDataMemory.Span.SequenceEqual(shown.RawDataMemory.Span))
        {
            return "its certificate cannot be trusted: there is no chain of signatures from it";
        }

        int anchor = Array.FindIndex(elements, element => authorities.Hold(element.Certificate));
        X509ChainElement[] counted = anchor < 0 ? elements : elements[..(anchor + 1)];
        for (int i = 0; i < counted.Length; i++)
        {
            string whose = i == 0 ? "its certificate" : $"the certificate of its authority {Subject(counted[i])}";
            if (FindWrongDate(whose, counted[i].Certificate) is { } wrongDate)
            {
                return wrongDate;
            }
        }

        for (int i = 0; i < counted.Length; i++)
        {
            if (FindFault(elements, i, authorities) is { } fault)
            {
                return fault;
            }
        }

        // Only the last of a chain can lack an issuer. What was found and has no sentence above is refused as well.
        X509Certificate2 top = elements[^1].Certificate;
        bool isNamesake = IsSelfIssued(top) && CertificateSignature.Fits(top, top) != true;
        X509ChainStatusFlags ofCounted = FlagsOf(counted.SelectMany(element => element.ChainElementStatus));
        X509ChainStatusFlags ofTop = FlagsOf(elements[^1].ChainElementStatus) & Untrusted;
        X509ChainStatusFlags expected = counted.Length < elements.Length ? X509ChainStatusFlags.NoError
            : anchor < 0 ? ofTop
            : ofTop & X509ChainStatusFlags.PartialChain;
        if (isNamesake && counted.Length == elements.Length)
        {
            // OpenSSL has tried the key of the certificate itself.
            expected |= ofTop | X509ChainStatusFlags.NotSignatureValid;
        }

        X509ChainStatusFlags ofNone = FlagsOf(chain!.ChainStatus)
            & ~FlagsOf(elements.SelectMany(element => element.ChainElementStatus));
        bool isUnknown = ((ofCounted & ~expected) | ofNone) != X509ChainStatusFlags.NoError
            || elements[..^1].Any(element => (FlagsOf(element.ChainElementStatus) & Untrusted) != 0)
            || (anchor < 0 && ofTop == X509ChainStatusFlags.NoError);
        return isUnknown ? $"its certificate cannot be trusted: {FlagsOf(chain.ChainStatus)}"
            : anchor < 0 ? FindFaultOfSigner(elements, authorities)
            : null;
    }

    // What is wrong with the authority that has signed one of the chain though OpenSSL does not find it; or that there
    // is none.
    private static string? FindFaultOfSigner(X509ChainElement[] elements, EtcdTlsAuthorities authorities)
    {
        string? fault = null;
        for (int i = 0; i < elements.Length; i++)
        {
            X509Certificate2 signed = elements[i].Certificate;
            foreach (X509Certificate2 signer in authorities.OfSubject(signed.IssuerName))
            {
                if (CertificateSignature.Fits(signed, signer) == true)
                {
                    string? found = FindFaultOfSigner(signer, elements, i);
                    if (found is null)
                    {
                        return null;
                    }

                    fault ??= found;
                }
            }
        }

        return fault ?? WhyUntrusted(elements, authorities);
    }

    // All that is checked of an authority which OpenSSL has found; what cannot be checked is refused.
    private static string? FindFaultOfSigner(X509Certificate2 signer, X509ChainElement[] elements, int signed)
    {
        string name = Quoted(signer.SubjectName), whose = $"the certificate of its authority {name}";
        bool hasUnknown = signer.Extensions.Any(extension => extension is { Critical: true, Oid.Value: not (
            BasicConstraints or KeyUsage or ExtendedKeyUsage or AlternativeName or NameConstraint) });
        return FindWrongDate(whose, signer)
            ?? (FindUnfitSigner(signer, elements[1..(signed + 1)]) is { } why ? MayNotSign(name, elements, signed, why)
                : !IsForServers(signer) ? $"{whose} is not for servers (extended key usage)"
                : signer.Extensions.Any(extension => extension.Oid?.Value == NameConstraint)
                    ? $"{whose} has name constraints, which are checked only where OpenSSL finds it by its name and "
                        + $"key identifier; reissue the one of {Subject(elements[signed])} with a subject of its own "
                        + "and the key identifier of its authority"
                : hasUnknown ? $"{whose} has a critical extension that is not known here"
                : null);
    }

    private static string MayNotSign(string signer, X509ChainElement[] elements, int signed, string why)
    {
        string below = signed == 0 ? "its certificate" : $"the one of {Subject(elements[signed])}";
        return $"{signer}, which signed {below}, may not do so: {why}";
    }

    // What is wrong with one certificate of the chain, apart from its dates and from whether it leads anywhere.
    private static string? FindFault(X509ChainElement[] elements, int position, EtcdTlsAuthorities authorities)
    {
        X509ChainElement element = elements[position];
        X509Certificate2 certificate = element.Certificate;
        X509ChainStatusFlags flags = FlagsOf(element.ChainElementStatus);
        string whose = position == 0 ? "its certificate" : $"the certificate of its authority {Subject(element)}";
        if (flags.HasFlag(X509ChainStatusFlags.NotSignatureValid) && position + 1 < elements.Length)
        {
            X509ChainElement signer = elements[position + 1];
            string from = authorities.Hold(signer.Certificate) ? $"in {authorities.Description}" : "that it sends";
            return $"the signature of {whose} does not fit the certificate of {Subject(signer)} {from}";
        }

        if (position > 0 && FindUnfitSigner(certificate, elements[1..position]) is { } why)
        {
            return MayNotSign(Subject(element), elements, position - 1, why);
        }

        if (flags.HasFlag(X509ChainStatusFlags.NotValidForUsage) && !IsForServers(certificate))
        {
            return $"{whose} is not for servers (extended key usage)";
        }

        return (flags & NameConstraints) != 0
            ? $"{whose} has a name that an authority above it may not sign for (name constraints)"
            : flags.HasFlag(X509ChainStatusFlags.HasNotSupportedCriticalExtension)
                ? $"{whose} has a critical extension that is not known here"
                : null;
    }

    // RFC 5280, 4.2.1.3 and 4.2.1.9. Versions 1 and 2 have no extensions.
    private static string? FindUnfitSigner(X509Certificate2 signer, IReadOnlyCollection<X509ChainElement> below)
    {
        X509BasicConstraintsExtension? basic = signer.Extensions.OfType<X509BasicConstraintsExtension>()
            .FirstOrDefault();
        X509KeyUsageExtension? usage = signer.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault();
        return basic is not { CertificateAuthority: true } && (signer.Version >= 3 || !IsSelfIssued(signer))
            ? "its own certificate is not one of an authority (basic constraints)"
            : usage is not null && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign)
                ? "its own certificate is not for signing certificates (key usage)"
            : basic is { HasPathLengthConstraint: true } && below.Count(
                element => !IsSelfIssued(element.Certificate)) > basic.PathLengthConstraint
                ? $"it may have no more than {basic.PathLengthConstraint} authorities below it (path length)"
            : null;
    }

    private static string WhyUntrusted(X509ChainElement[] elements, EtcdTlsAuthorities authorities)
    {
        X509Certificate2 shown = elements[0].Certificate;
        if (elements.Length == 1 && IsSelfIssued(shown))
        {
            string itself = $"its certificate names itself as its issuer ({Subject(elements[0])})";
            return CertificateSignature.Fits(shown, shown) switch
            {
                true => $"its certificate is signed by itself ({Subject(elements[0])}), and {authorities.Lacks} it",
                false => $"{itself}, but is not signed by its own key, and {authorities.Description} holds no "
                    + $"certificate of that name whose key has signed it{authorities.Unread}",
                null => $"{itself}, and {authorities.Lacks} it; if another authority of that name has signed it, "
                    + "reissue it with a subject of its own",
            };
        }

        // Any of these would have been enough.
        List<X500DistinguishedName> signers = [];
        foreach (X509ChainElement element in elements)
        {
            if (!signers.Any(name => IsSame(name, element.Certificate.IssuerName)))
            {
                signers.Add(element.Certificate.IssuerName);
            }
        }

        string signed = $"its certificate is signed by {Quoted(signers[0])}"
            + string.Concat(signers.Skip(1).Select(name => $", and that by {Quoted(name)}"));
        foreach (X500DistinguishedName name in signers)
        {
            string itsOwn = $"the certificate of {Quoted(name)} in {authorities.Description}";
            X509Certificate2 signedByIt = elements.First(element => IsSame(element.Certificate.IssuerName, name))
                .Certificate;
            X509Certificate2? namesake = authorities.OfSubject(name).MinBy(
                certificate => FindWrongDate(itsOwn, certificate) is null ? 0 : 1);
            if (namesake is not null)
            {
                string not = CertificateSignature.Fits(signedByIt, namesake) is null
                    ? $"OpenSSL does not find that {itsOwn} is the one that signed"
                    : $"{itsOwn} is not the one that signed";
                return $"{signed}; {FindWrongDate(itsOwn, namesake) ?? not}";
            }
        }

        return signers.Count == 1
            ? $"{signed}, which {authorities.Lacks}"
            : $"{signed}; {authorities.Description} holds none of these{authorities.Unread}";
    }

    private static bool IsForServers(X509Certificate2 certificate) =>
        !certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(extension =>
            !extension.EnhancedKeyUsages.Cast<Oid>().Any(usage => usage.Value is ServerAuthentication or AnyUsage));

    private static bool IsSelfIssued(X509Certificate2 certificate) =>
        IsSame(certificate.SubjectName, certificate.IssuerName);

    private static bool IsSame(X500DistinguishedName one, X500DistinguishedName other) =>
        one.RawData.AsSpan().SequenceEqual(other.RawData);

    private static X509ChainStatusFlags FlagsOf(IEnumerable<X509ChainStatus> statuses) => statuses.Aggregate(
        X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status);

    private static string Subject(X509ChainElement element) => Quoted(element.Certificate.SubjectName);

    private static string Quoted(X500DistinguishedName name) => $"\"{OneLine.Shorten(name.Name)}\"";

    // Without an alternative name, .NET goes by the common name of the subject.
    private static string WhyMisnamed(X509Certificate2 shown, string host)
    {
        X509SubjectAlternativeNameExtension? extension =
            shown.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        string[] names = extension is null
            ? []
            : [.. extension.EnumerateDnsNames(), .. extension.EnumerateIPAddresses().Select(address => $"{address}")];
        string some = string.Join(", ", names.Take(MostNames).Select(OneLine.Shorten));
        string more = names.Length > MostNames ? $" and {names.Length - MostNames} more" : string.Empty;
        return names.Length == 0
            ? $"its certificate has no alternative name of a host, and its subject {Quoted(shown.SubjectName)} is not "
                + host
            : $"its certificate is for {some}{more}, not for {host}";
    }
}

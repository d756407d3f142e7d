using System;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Overlay.Lease.Etcd.Client;

/// <summary>Whether a key has signed a certificate, which names alone do not tell.</summary>
internal static class CertificateSignature
{
    private static readonly Asn1Tag s_version = new(TagClass.ContextSpecific, 0);

    /// <summary>Verifies the signature of a certificate with the public key of another, or with its own.</summary>
    /// <returns>Null where this cannot be said: the algorithm is neither ECDSA nor RSA (PKCS #1 1.5), each with SHA-2,
    /// or the certificate cannot be read.</returns>
    internal static bool? Fits(X509Certificate2 certificate, X509Certificate2 signer)
    {
        try
        {
            // RFC 5280, 4.1: SEQUENCE { tbsCertificate, signatureAlgorithm, signature }; the algorithm stands in the
            // signed part, too, and there it must be the same.
            AsnReader fields = new AsnReader(certificate.RawDataMemory, AsnEncodingRules.DER).ReadSequence();
            byte[] signed = fields.ReadEncodedValue().ToArray();
            byte[] algorithm = fields.ReadEncodedValue().ToArray();
            byte[] signature = fields.ReadBitString(out int unusedBits);
            if (!AlgorithmIn(signed).AsSpan().SequenceEqual(algorithm) || unusedBits != 0)
            {
                return false;
            }

            string name = new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier();
            (HashAlgorithmName hash, bool isRsa)? method = name switch
            {
                "1.2.840.10045.4.3.2" => (HashAlgorithmName.SHA256, false), // RFC 5758, 3.2
                "1.2.840.10045.4.3.3" => (HashAlgorithmName.SHA384, false),
                "1.2.840.10045.4.3.4" => (HashAlgorithmName.SHA512, false),
                "1.2.840.113549.1.1.11" => (HashAlgorithmName.SHA256, true), // RFC 4055, 5
                "1.2.840.113549.1.1.12" => (HashAlgorithmName.SHA384, true),
                "1.2.840.113549.1.1.13" => (HashAlgorithmName.SHA512, true),
                _ => null,
            };
            return method is { } known ? IsBy(signer, signed, signature, known.hash, known.isRsa) : null;
        }
        catch (Exception problem) when (problem is AsnContentException or CryptographicException)
        {
            return null;
        }
    }

    private static bool IsBy(
        X509Certificate2 signer, byte[] signed, byte[] signature, HashAlgorithmName hash, bool isRsa)
    {
        using RSA? rsa = isRsa ? signer.GetRSAPublicKey() : null;
        using ECDsa? ecdsa = isRsa ? null : signer.GetECDsaPublicKey();
        return rsa?.VerifyData(signed, signature, hash, RSASignaturePadding.Pkcs1)
            ?? ecdsa?.VerifyData(signed, signature, hash, DSASignatureFormat.Rfc3279DerSequence)
            ?? false; // a key of another kind has not made it
    }

    // TBSCertificate: version (of which the default is left out), serialNumber, signature …
    private static byte[] AlgorithmIn(byte[] signed)
    {
        AsnReader fields = new AsnReader(signed, AsnEncodingRules.DER).ReadSequence();
        if (fields.PeekTag().HasSameClassAndValue(s_version))
        {
            fields.ReadEncodedValue();
        }

        fields.ReadIntegerBytes();
        return fields.ReadEncodedValue().ToArray();
    }
}

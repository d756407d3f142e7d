using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Lease.Etcd.Client;
using Xunit;

namespace Overlay.Lease.Etcd.Tests.Client;

public sealed class EtcdOptionsTests
{
    [Theory]
    [InlineData("http://127.0.0.1:4001,http://127.0.0.1:2379", "http://127.0.0.1:4001/|http://127.0.0.1:2379/")]
    [InlineData(" https://etcd-1.example:2379/ , "
        + "https://[fd00::1]:2379", "https://etcd-1.example:2379/|https://[fd00::1]:2379/")]
    [InlineData("http://a:2379,http://a:2379", "http://a:2379/")]
    [InlineData("http://a:80", "http://a/")]
    [InlineData("172.16.0.4:2379", "http://172.16.0.4:2379/")]
    [InlineData("etcd-1.example:2379, [fd00::1]:2379", "http://etcd-1.example:2379/|http://[fd00::1]:2379/")]
    [InlineData("a:2379,https://b:2379", "https://a:2379/|https://b:2379/")]
    public void Endpoints_are_URLs_or_hosts_with_ports_with_commas_between_them(string text, string expected)
    {
        Assert.True(
            EtcdEndpointList.TryParse(text, hasTls: false, out IReadOnlyList<Uri>? endpoints, out string? problem),
            problem);
        Assert.Equal(expected.Split('|'), endpoints.Select(endpoint => endpoint.AbsoluteUri));
    }

    [Theory]
    [InlineData("172.16.0.4:2379", "https")]
    [InlineData("a:2379,b:2379", "https")]
    [InlineData("a:2379,http://b:2379", "http")]
    public void Where_certificates_are_given_endpoints_without_any_scheme_are_https(string text, string scheme)
    {
        Assert.True(
            EtcdEndpointList.TryParse(text, hasTls: true, out IReadOnlyList<Uri>? endpoints, out string? problem),
            problem);
        Assert.All(endpoints, endpoint => Assert.Equal(scheme, endpoint.Scheme));
    }

    [Theory]
    [InlineData("", "\"\"")]
    [InlineData("http://a:2379,", "\"\"")]
    [InlineData("10.0.0.1", "\"10.0.0.1\"")]
    [InlineData("etcd.example", "must look like")]
    [InlineData("fd00::1:2379", "must look like")]
    [InlineData("a:2379/v3", "must look like")]
    [InlineData("http://10.0.0.1", "\"http://10.0.0.1\"")]
    [InlineData("http:10.0.0.1:2379", "must look like")]
    [InlineData("unix:///run/etcd", "must look like")]
    [InlineData("http://a:2379/v3", "must look like")]
    [InlineData("http://a:99999", "must look like")]
    [InlineData("http://a:2379,https://b:2379", "all endpoints must be http or all https")]
    public void An_endpoint_that_is_none_is_named_with_what_it_should_look_like(string text, string part)
    {
        Assert.False(EtcdEndpointList.TryParse(text, hasTls: false, out _, out string? problem));
        Assert.Contains(part, problem, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem);
    }

    [Theory]
    [InlineData("http://root:secret@a:2379")]
    [InlineData("http//root:secret@a:2379")]
    [InlineData("root:secret@a:2379")]
    public void A_password_in_an_endpoint_is_refused_and_not_repeated(string text)
    {
        Assert.False(EtcdEndpointList.TryParse(text, hasTls: false, out _, out string? problem));
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
        Assert.Contains("--etcd-password-file", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_text_of_the_options_has_no_password()
    {
        EtcdOptions options = Requests.Options(
            new Uri("http://a:2379")) with { Username = "root", Password = "secret", CaFile = "/ca.pem" };
        Assert.Equal("EtcdOptions { Endpoints = http://a:2379/, CaFile = /ca.pem, Username = root }", $"{options}");
    }

    [Theory]
    [InlineData("geheim", "geheim")]
    [InlineData("geheim\n", "geheim")]
    [InlineData("geheim\r\n", "geheim")]
    [InlineData(" with blanks ", " with blanks ")]
    public void A_secret_in_a_file_ends_before_its_line_break(string content, string secret)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, content);
            Assert.Equal(secret, EtcdSecretFile.Read("password", file));
            File.WriteAllText(file, "\n");
            Assert.Equal(
                $"etcd password file {file}: holds no password; write it into the first line",
                Assert.Throws<EtcdException>(() => EtcdSecretFile.Read("password", file)).Message);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_client_without_endpoints_is_refused() =>
        Assert.Contains("no endpoint", Assert.Throws<EtcdException>(
            () => new EtcdClient(Requests.Options())).Message, StringComparison.Ordinal);
}

using System;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Grpc.Core;

namespace Overlay.Lease.Etcd.Client;

/// <summary>Our token: asked for with user and password when the first call needs it, and again when etcd no longer
/// knows it; or what a file holds, read at each call. All members know the same tokens.</summary>
internal sealed class EtcdAuthentication : IDisposable
{
    private readonly EtcdOptions _options;
    private readonly SemaphoreSlim _asking = new(1, 1);

    private volatile Answer? _answer;

    internal EtcdAuthentication(EtcdOptions options) => _options = options;

    /// <summary>What goes with the next call.</summary>
    /// <returns>Null when there is no user, or when this etcd wants none.</returns>
    /// <exception cref="EtcdException">The endpoint cannot be asked, the password is wrong, or a file cannot be
    /// read.</exception>
    internal async ValueTask<string?> GetTokenAsync(EtcdConnection connection, CancellationToken cancellation)
    {
        if (_options.TokenFile is { } file)
        {
            return EtcdSecretFile.Read("token", file);
        }

        if (_options.Username is not { } username)
        {
            return null;
        }

        if (_answer is { } known)
        {
            return known.Token;
        }

        await _asking.WaitAsync(cancellation);
        try
        {
            return (_answer ??= await AskAsync(connection, username, cancellation)).Token;
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>
    /// A call was refused. Whether it is worth another try with a new token, which the next call will ask for.
    /// </summary>
    /// <param name="token">What went with it.</param>
    /// <param name="failure">How it was refused.</param>
    /// <param name="isDoubtful">True when etcd calls an unknown token a missing permission, as it does for
    /// watches.</param>
    internal bool TryForget(string? token, EtcdException failure, bool isDoubtful = false)
    {
        bool isAboutToken = failure.Failure == EtcdFailure.Refused
            && (isDoubtful || failure.Code != StatusCode.PermissionDenied);
        if (_options.TokenFile is not null || _options.Username is null || !isAboutToken)
        {
            return false;
        }

        if (_answer is { } current && current.Token == token)
        {
            _ = Interlocked.CompareExchange(ref _answer, null, current);
        }

        return true;
    }

    public void Dispose() => _asking.Dispose();

    private async Task<Answer> AskAsync(EtcdConnection connection, string username, CancellationToken cancellation)
    {
        var request = new AuthenticateRequest
        {
            Name = username,
            Password = _options.PasswordFile is { } file
                ? EtcdSecretFile.Read("password", file)
                : _options.Password ?? string.Empty,
        };
        try
        {
            AuthenticateResponse response = await UnaryCall.RunAsync(
                connection,
                EtcdCall.Authenticate(username),
                (to, options) => to.Users.AuthenticateAsync(request, options).ResponseAsync,
                token: null,
                _options.RequestTimeout,
                cancellation);
            return new Answer(response.Token);
        }
        catch (EtcdException problem) when (problem.Code == StatusCode.FailedPrecondition)
        {
            // "authentication is not enabled": everybody may do everything.
            return new Answer(null);
        }
        catch (EtcdException problem) when (problem.IsRefused && problem.Code == StatusCode.InvalidArgument)
        {
            throw problem.With("wrong user name or password");
        }
    }

    private sealed record Answer(string? Token);
}

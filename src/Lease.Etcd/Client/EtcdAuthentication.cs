using System;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Grpc.Core;

namespace Overlay.Lease.Etcd.Client;

/// <summary>Our token: asked for with user and password when the first call needs it, and again when a call with it is
/// refused; or what a file holds, read at each call. All members know the same tokens.</summary>
/// <remarks>
/// Releases of etcd, and what may stand before it, have many words for a token that is no longer good, and some say it
/// as a missing permission. So every refusal is worth one new token before it counts. Where a new one was refused as
/// well, others are asked for no more often than each <see cref="EtcdOptions.LogInInterval"/>, unless the refusal is
/// surely about the token.
/// </remarks>
internal sealed class EtcdAuthentication : IDisposable
{
    private readonly EtcdOptions _options;
    private readonly SemaphoreSlim _asking = new(1, 1);

    private volatile Answer? _answer;
    private volatile bool _isRefused; // the last token was given up because a call with it was refused

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
            if (_answer is { } meanwhile)
            {
                return meanwhile.Token;
            }

            string? token = await AskAsync(connection, username, cancellation);
            _answer = new Answer(token, isAfterRefusal: _isRefused);
            _isRefused = false;
            return token;
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>A call was done.</summary>
    /// <param name="token">What went with it.</param>
    internal void Accepted(string? token)
    {
        if (_answer is { IsTried: false } current && current.Token == token)
        {
            current.IsTried = true;
        }
    }

    /// <summary>
    /// A call failed. Whether another try with a new token is worth it, which the next call will ask for.
    /// </summary>
    /// <param name="token">What went with it.</param>
    /// <param name="failure">What it came to.</param>
    /// <param name="isWatch">True for a watch, whose refusals etcd words differently.</param>
    /// <param name="isRetry">True when this was such another try: there is none after it.</param>
    internal bool IsWorthNewToken(string? token, EtcdException failure, bool isWatch, bool isRetry)
    {
        if (!MayBeAboutToken(failure, isWatch))
        {
            return false;
        }

        if (_options.TokenFile is { } file)
        {
            return !isRetry && HoldsAnother(file, token);
        }

        if (_options.Username is null || _answer is not { } current || current.Token != token)
        {
            return _options.Username is not null && !isRetry; // another call has seen to it
        }

        current.IsFutile |= isRetry || (current.IsAfterRefusal && !current.IsTried);
        bool isSure = failure.Failure == EtcdFailure.Refused && failure.Code != StatusCode.PermissionDenied;
        bool isTooSoon = current.IsFutile && current.Age < _options.LogInInterval;
        if (isRetry || (isTooSoon && !isSure))
        {
            return false;
        }

        _isRefused = true;
        _ = Interlocked.CompareExchange(ref _answer, null, current);
        return true;
    }

    public void Dispose() => _asking.Dispose();

    // What etcd says of a call that is right and that it could do. An error without a code of its own is "unknown" to
    // gRPC, and the words in which a watch is cancelled need not hold one.
    private static bool MayBeAboutToken(EtcdException failure, bool isWatch) => failure.Failure switch
    {
        EtcdFailure.Refused => true,
        EtcdFailure.Invalid => failure.Code == StatusCode.InvalidArgument,
        EtcdFailure.Interrupted => failure.InnerException is null
            && (failure.Code == StatusCode.Unknown || (isWatch && failure.Code == StatusCode.Cancelled)),
        _ => false,
    };

    private static bool HoldsAnother(string file, string? token)
    {
        try
        {
            return EtcdSecretFile.Read("token", file) != token;
        }
        catch (EtcdException)
        {
            return false; // the next call says so
        }
    }

    private async Task<string?> AskAsync(EtcdConnection connection, string username, CancellationToken cancellation)
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
            return response.Token;
        }
        catch (EtcdException problem) when (problem.Code == StatusCode.FailedPrecondition)
        {
            // "authentication is not enabled": everybody may do everything.
            return null;
        }
        catch (EtcdException problem) when (problem.IsRefused && problem.Code == StatusCode.InvalidArgument)
        {
            throw problem.With("wrong user name or password");
        }
    }

    private sealed class Answer(string? token, bool isAfterRefusal)
    {
        private readonly long _since = TimeProvider.System.GetTimestamp();

        internal string? Token => token;

        /// <summary>Whether it was asked for because the one before was refused.</summary>
        internal bool IsAfterRefusal => isAfterRefusal;

        /// <summary>Whether a call was done with it.</summary>
        internal volatile bool IsTried;

        /// <summary>Whether a call that was refused with the one before was refused with it as well.</summary>
        internal volatile bool IsFutile;

        internal TimeSpan Age => TimeProvider.System.GetElapsedTime(_since);
    }
}

using System.Net;
using System.Net.Sockets;

namespace Sandbox.Deployments.Networks;

/// <summary>
/// The only name server that sandboxes with a list of what is allowed can ask. It tells the IPv4 addresses of names on the list, after
/// the way to them was opened, and knows no other name, so that nothing is carried away in questions either.
/// </summary>
/// <param name="openAsync">Puts the rules in effect that follow from the table; false when they are not.</param>
internal sealed partial class SandboxResolver(
    EgressTable table, INameLookup lookup, Func<CancellationToken, Task<bool>> openAsync, ILogger logger) : IDisposable
{
    /// <summary>No answer is believed for longer, so that an address that is given up is soon closed.</summary>
    private static readonly TimeSpan LongestValid = TimeSpan.FromMinutes(5);

    private const int LongestQuestion = 1024;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _ending = new();
    private Socket? _socket;

    /// <summary>Where it listens; it begins to with the first call.</summary>
    /// <exception cref="SocketException">It cannot.</exception>
    public int EnsureListening()
    {
        lock (_lock)
        {
            if (_socket is null)
            {
                // Each bridge has an address of its own, and they come and go. A sandbox that asks is known by its address.
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                socket.Bind(new IPEndPoint(IPAddress.Any, 0));
                _socket = socket;
                _ = ListenAsync(socket, _ending.Token);
            }

            return ((IPEndPoint)_socket.LocalEndPoint!).Port;
        }
    }

    public void Dispose()
    {
        _ending.Cancel();
        _socket?.Dispose();
        _ending.Dispose();
    }

    private async Task ListenAsync(Socket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestQuestion];
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var received = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), cancellationToken);
                var from = (IPEndPoint)received.RemoteEndPoint;
                if (DnsQuestion.TryRead(buffer.AsSpan(0, received.ReceivedBytes)) is { } question)
                {
                    _ = AnswerAsync(socket, from, question, cancellationToken);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // An answer of before reached nobody any more; or one datagram was too long.
            }
        }
    }

    private async Task AnswerAsync(Socket socket, IPEndPoint from, DnsQuestion question, CancellationToken cancellationToken)
    {
        if (table.TryBeginQuestion(from.Address) is not { } policy)
        {
            return;
        }

        try
        {
            var answer = await AnswerOfAsync(from.Address, question, policy.Allows(question.Name), cancellationToken);
            await socket.SendToAsync(
                question.Answer(answer.Status, answer.Addresses, answer.ValidFor), SocketFlags.None, from, cancellationToken);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The question is asked again, or its sandbox has gone.
        }
        catch (Exception exception)
        {
            Log.NotAnswered(logger, from.Address, exception);
        }
        finally
        {
            table.EndQuestion(from.Address);
        }
    }

    private async Task<NameAnswer> AnswerOfAsync(
        IPAddress sandbox, DnsQuestion question, bool isAllowed, CancellationToken cancellationToken)
    {
        if (!isAllowed)
        {
            return new NameAnswer(DnsStatus.NoSuchName, [], TimeSpan.Zero);
        }

        if (question.Type is not DnsQuestion.TypeA)
        {
            // The name is there, and has nothing of that kind: there is no IPv6 in a sandbox.
            return new NameAnswer(DnsStatus.Answered, [], TimeSpan.Zero);
        }

        var found = await lookup.LookUpAsync(question.Name, cancellationToken);
        var validFor = found.ValidFor < LongestValid ? found.ValidFor : LongestValid;
        var isOpen = !table.Learn(sandbox, question.Name, found.Addresses, validFor) || await openAsync(cancellationToken);
        return isOpen ? found with { ValidFor = validFor } : NameAnswer.Failed;
    }

    private static partial class Log
    {
        [LoggerMessage(3029, LogLevel.Error, "A question for a name of the sandbox at {Address} could not be answered")]
        public static partial void NotAnswered(ILogger logger, IPAddress address, Exception exception);
    }
}

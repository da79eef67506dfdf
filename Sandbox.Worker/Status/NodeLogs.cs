using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;
using Sandbox.Node;

namespace Sandbox.Worker.Status;

/// <summary>The last log lines of this node, or of another, over its node API.</summary>
internal sealed class NodeLogs(LogTail tail, ApiAuthorizationClient api, ClusterSecret secret, NodeIdentity node)
{
    private const int MaxAnswer = 4 * 1024 * 1024;

    private static readonly TimeSpan Within = TimeSpan.FromSeconds(5);

    private readonly RequestSigner _signer = secret.Signer(SignaturePurpose.NodeApi);

    public async Task<string> OfAsync(string name, Uri address, CancellationToken cancellationToken)
    {
        if (name == node.Name)
        {
            return string.Join('\n', tail.Lines);
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Within);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, NodeApiRoutes.Logs));
            _signer.Sign(request, address.Authority);
            using var answer = await api.Http.SendAsync(request, deadline.Token);
            await answer.Content.LoadIntoBufferAsync(MaxAnswer, deadline.Token);
            return answer.IsSuccessStatusCode
                ? await answer.Content.ReadAsStringAsync(deadline.Token) : $"{name} answers {(int)answer.StatusCode}";
        }
        catch (Exception exception)
            when (exception is HttpRequestException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return $"{name} does not answer at {address}";
        }
    }
}

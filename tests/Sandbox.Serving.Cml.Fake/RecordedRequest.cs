namespace Sandbox.Serving.Cml.Fake;

/// <param name="Target">Path and query below <c>/api/v2</c>.</param>
public sealed record RecordedRequest(string Method, string Target, string ContentType, string Body)
{
    public override string ToString() => $"{Method} {Target}{(Body.Length == 0 ? "" : " " + Body)}";
}

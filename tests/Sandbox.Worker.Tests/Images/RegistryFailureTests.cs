using Sandbox.Deployments.Images;

namespace Sandbox.Worker.Tests.Images;

/// <summary>Sentences as engines say them.</summary>
public sealed class RegistryFailureTests
{
    private const string Silent = "the registry does not answer as one";

    [Theory]
    [InlineData("Get \"https://10.0.0.5:6379/v2/\": dial tcp 10.0.0.5:6379: connect: connection refused", Silent)]
    [InlineData("Get \"https://10.0.0.5:6379/v2/\": net/http: request canceled while waiting for connection", Silent)]
    [InlineData("Get \"https://db.internal/v2/\": http: server gave HTTP response to HTTPS client", Silent)]
    [InlineData("Get \"https://db.internal/v2/\": dial tcp: lookup db.internal: no such host", Silent)]
    [InlineData(
        "pull access denied for app, repository does not exist or may require 'docker login'",
        "the registry does not give it to these credentials, or does not have it")]
    [InlineData(
        "Head \"http://localhost:5000/v2/a/manifests/1\": no basic auth credentials",
        "the registry does not give it to these credentials, or does not have it")]
    [InlineData("manifest for python:nope not found: manifest unknown: manifest unknown", "the registry does not have it")]
    [InlineData("toomanyrequests: You have reached your pull rate limit", "the registry asks for a pause")]
    [InlineData("the registry sent nothing for 60 s", "the registry sent nothing for 60 s")]
    [InlineData("the registry took nothing for 60 s", "the registry took nothing for 60 s")]
    [InlineData("the registry sent nothing for 60 s: db.internal is down", Silent)]
    [InlineData("failed to register layer: write /usr: no space left on device", "this node has no space for it")]
    public void KindOf_AnEnginesSentence_SaysNothingOfItsOwn(string said, string kind) =>
        Assert.Equal(kind, RegistryFailure.KindOf(said));
}

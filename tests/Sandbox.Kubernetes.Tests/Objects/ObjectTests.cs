using System.Security.Cryptography;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Options;
using Sandbox.Kubernetes.Objects;
using Sandbox.Kubernetes.Tests.Running;
using Sandbox.Kubernetes.Watching;
using Sandbox.Node;
using Sandbox.Testing;

namespace Sandbox.Kubernetes.Tests.Objects;

public sealed class ObjectTests
{
    [Theory]
    [InlineData(0, "0Ki")]
    [InlineData(1, "1Ki")]
    [InlineData(1024, "1Ki")]
    [InlineData(1025, "2Ki")]
    [InlineData(1L << 20, "1Mi")]
    [InlineData((1L << 20) + 1024, "1025Ki")]
    [InlineData(8L << 30, "8Gi")]
    [InlineData(3L << 40, "3Ti")]
    [InlineData(5000L << 40, "5000Ti")]
    [InlineData(1536L << 20, "1536Mi")]
    public void Quantity_IsTheLargestUnitThatIsExact(long bytes, string expected) => Assert.Equal(expected, Quantity.Of(bytes));

    [Fact]
    public void ImageAuth_IsReadWithTheKeyAndDiffersEachTime()
    {
        using var folder = new TempFolder();
        var key = RandomNumberGenerator.GetBytes(ImageAuth.KeyLength);
        File.WriteAllBytes(folder.File("key"), key);
        var auth = new ImageAuth(Options.Create(new KubernetesOptions { ImageAuthKeyFile = folder.File("key") }));

        var (one, other) = (auth.Encrypt("me", "s3cret"), auth.Encrypt("me", "s3cret"));

        Assert.NotEqual(one, other);
        var sent = Convert.FromBase64String(one);
        var plain = new byte[sent.Length - 28];
        using var aes = new AesGcm(key, 16);
        aes.Decrypt(sent.AsSpan(0, 12), sent.AsSpan(12, plain.Length), sent.AsSpan(12 + plain.Length), plain);
        Assert.Equal("""{"username":"me","password":"s3cret"}""", System.Text.Encoding.UTF8.GetString(plain));
    }

    [Fact]
    public void ImageAuth_WithoutCredentialsOrKey_IsEmpty()
    {
        var keyless = new ImageAuth(Options.Create(new KubernetesOptions()));

        Assert.Equal("", keyless.Encrypt("me", "s3cret"));
        Assert.Equal("", keyless.Encrypt(null, null));
    }

    [Theory]
    [InlineData("reg.example:5000/team/app:1", "reg.example:5000")]
    [InlineData("docker.io/team/app", "docker.io")]
    [InlineData("localhost/app", "localhost")]
    [InlineData("team/app:1", null)]
    [InlineData("app", null)]
    public void ImageAuth_GoesToTheRegistryThatTheImageNames_AndToNoOther(string image, string? registry) =>
        Assert.Equal(registry, ImageAuth.RegistryOf(image));

    [Theory]
    [InlineData("plain", true)]
    [InlineData("a-b_c.d", true)]
    [InlineData("ends-with-dash-", false)]
    [InlineData("ends.", false)]
    public void Labels_OfAnIdThatNoLabelCanHold_TellItByTheAnnotation(string id, bool asLabel)
    {
        var sandbox = KubeHost.Prepare(id);
        var labels = ObjectLabels.Labels(sandbox, new WorkerOptions { ClusterId = "c" });

        Assert.Equal(asLabel, labels.ContainsKey("rock.sandbox/sandbox-id"));
        Assert.True(ObjectLabels.TryRead(Texts(labels), Texts(ObjectLabels.Annotations(sandbox)), "c", out var incarnation, out var read));
        Assert.Equal((sandbox.Incarnation, sandbox.Id), (incarnation, read));
        Assert.False(ObjectLabels.TryRead(Texts(labels), null, "another", out _, out _), "another cluster's object must not be ours");
    }

    public static TheoryData<string, string, string> Statuses() => new()
    {
        { """{"phase":"Failed","reason":"Evicted","message":"low on memory"}""", "Ended", "Evicted: low on memory" },
        { """{"phase":"Failed","containerStatuses":[{"name":"main","state":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}""", "Ended", "out of memory, exit code 137" },
        { """{"phase":"Failed","initContainerStatuses":[{"name":"sandbox-agent","state":{"terminated":{"exitCode":2,"reason":"Error"}}}]}""", "Ended", "exit code 2" },
        { """{"phase":"Succeeded","containerStatuses":[{"name":"main","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}""", "Ended", "exit code 0" },
        { """{"phase":"Running","containerStatuses":[{"name":"side","state":{"running":{}}},{"name":"main","state":{"terminated":{"exitCode":1,"reason":"Error"}}}]}""", "Ended", "exit code 1" },
        { """{"phase":"Running","containerStatuses":[{"name":"main","state":{"running":{}}}]}""", "Running", "its pod runs" },
        { """{"phase":"Pending","initContainerStatuses":[{"name":"sandbox-agent","state":{"waiting":{"reason":"ImagePullBackOff","message":"dial tcp 10.0.0.5:6379: connection refused"}}}]}""", "Waiting", "ImagePullBackOff (sandbox-agent)" },
        { """{"phase":"Pending","containerStatuses":[{"name":"main","state":{"waiting":{"reason":"ContainerCreating"}}}]}""", "Waiting", "waiting for a node" },
    };

    [Theory]
    [MemberData(nameof(Statuses))]
    public void Status_IsToldInOurWords(string status, string stage, string reason)
    {
        var pod = KubernetesJson.Deserialize<V1Pod>($$"""{"metadata":{"name":"p"},"status":{{status}}}""");

        var facts = PodFacts.Of(pod);

        Assert.Equal((stage, reason), (facts.Stage.ToString(), facts.Reason));
    }

    private static Dictionary<string, string> Texts(JsonObject map) =>
        map.ToDictionary(entry => entry.Key, entry => entry.Value!.GetValue<string>());
}

using Microsoft.Extensions.Options;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cluster.Tests;

public sealed class ClusterSecretTests : IDisposable
{
    private const string Now = "the secret that the cluster has now", Before = "the secret that the cluster had before";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void RecordSecrets_AreThePresentOnesAndThenThoseOfTheFile()
    {
        File.WriteAllText(_folder.File("former"), $"\n{Before}\n");

        var secrets = Secrets(Now, _folder.File("former"));

        Assert.Equal([.. Secrets(Now), .. Secrets(Before)], secrets);
        Assert.Equal(2, secrets.Distinct().Count());
        Assert.All(secrets, secret => Assert.Equal(64, secret.Length));
    }

    /// <summary>An environment is shown to everybody who may look at processes or containers.</summary>
    [Fact]
    public async Task Program_WithItsSecretsInAFolder_NeedsThemInNoVariable()
    {
        var secrets = Directory.CreateDirectory(_folder.File("secrets")).FullName;
        await File.WriteAllTextAsync(Path.Combine(secrets, "Cluster__Secret"), Now + "\n");
        await using var process = ProcessCluster.MakeAlone("Health.Service", _folder, new Dictionary<string, string>
        {
            ["Cluster__Id"] = "files",
            ["SECRETS_FOLDER"] = secrets,
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["Health__Whitelist"] = "w1",
            ["Health__LockFolder"] = _folder.Path,
        });

        process.Start();

        await process.SaysAsync("Now listening on: ");
    }

    private static List<string> Secrets(string secret, string former = "") =>
    [
        .. new ClusterSecret(
            Options.Create(new ClusterOptions { Id = "c", Secret = secret, FormerSecretFile = former }), TimeProvider.System)
            .RecordSecrets().Select(Convert.ToHexString),
    ];
}

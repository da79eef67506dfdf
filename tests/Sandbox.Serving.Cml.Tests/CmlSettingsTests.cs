using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Serving.Cml.Tests;

public sealed class CmlSettingsTests
{
    private static readonly Dictionary<string, string> Inside = new()
    {
        ["CDSW_DOMAIN"] = "ml.example",
        ["CDSW_APIV2_KEY"] = "key",
        ["CDSW_PROJECT_ID"] = "p1",
        ["RUNTIME_IDENTIFIER"] = "image:1",
    };

    [Fact]
    public void Settings_InsideOfCloudera_ComeFromItsVariables()
    {
        var settings = CmlSettings.Read("", "none", Inside);

        Assert.Equal(new Uri("https://ml.example"), settings.Connection.Host);
        Assert.Equal("key", settings.Connection.ApiKey.Reveal());
        Assert.Equal(("p1", "image:1"), (settings.ProjectId, settings.RuntimeIdentifier));
        Assert.Equal((1, 16.0, 64.0, 0), (
            settings.Cluster.NumWorkers, settings.Cluster.Cpu, settings.Cluster.Memory, settings.Cluster.NumGpus));
        Assert.Equal(
            ("deploy/serving/cml/launch_head.py", "deploy/serving/cml/launch_worker.py"),
            (settings.Cluster.HeadScript, settings.Cluster.WorkerScript));
    }

    [Fact]
    public void Settings_OfAFile_AreTakenBeforeVariablesButForTheImage()
    {
        var variables = new Dictionary<string, string>(Inside)
        {
            ["RAY_NUM_WORKERS"] = "5",
            ["RAY_WORKER_CPU"] = "2",
            ["RAY_HEAD_CPU"] = "3",
            ["RAY_PORT"] = "7000",
        };

        var settings = CmlSettings.Read(
            """
            cai:
              host: https://other.example
              api_key: file-key
              runtime_identifier: image:file
              num_workers: 4
              resources: {num_gpus: 2}
              head_resources: {memory: 9}
              head_command: /opt/sandbox head --port {app_port}
              worker_command: /opt/sandbox worker
            ray: {dashboard_port: 8266}
            ray_cluster: {num_workers: 3}
            """,
            "f.yaml", variables);

        Assert.Equal(
            (3, 2.0, 3.0, 9.0, 2, 7000, 8266),
            (settings.Cluster.NumWorkers, settings.Cluster.Cpu, settings.Cluster.HeadCpu, settings.Cluster.HeadMemory,
                settings.Cluster.NumGpus, settings.Cluster.HeadPort, settings.Cluster.DashboardPort));
        Assert.Equal(
            ("other.example", "file-key", "image:1"),
            (settings.Connection.Host.Host, settings.Connection.ApiKey.Reveal(), settings.RuntimeIdentifier));
        Assert.Equal(["/opt/sandbox", "head", "--port", "{app_port}"], settings.Launchers!.HeadCommand.AsEnumerable());
        Assert.DoesNotContain("file-key", settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_OfTheShippedFile_AreAProjectWithItsCluster()
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "cml", "ray_cluster_config.yaml"));

        var settings = CmlSettings.Read(text, "ray_cluster_config.yaml", new Dictionary<string, string>
        {
            ["CML_HOST"] = "ml.example",
            ["CML_API_KEY"] = "key",
        });

        Assert.Equal(new NewProject("ray-cluster", "", "https://git.example/sandbox.git"), settings.Project);
        Assert.Null(settings.ProjectId);
        Assert.Equal(TimeSpan.FromMinutes(10), settings.Cluster.Timeout);
    }

    [Theory]
    [InlineData("cai: {num_worker: 1}", "there is no cai.num_worker; is cai.num_workers meant?")]
    [InlineData("cia: {host: a}", "there is no cia.host")]
    [InlineData("cai: {num_workers: many}", "cai.num_workers must be a number from 0 to 1000, not 'many'")]
    [InlineData("cai: {resources: {cpu: -1}}", "cai.resources.cpu must be a number from 0.1 to 1024")]
    [InlineData("cai: {wait_ready: maybe}", "cai.wait_ready must be true or false")]
    [InlineData("cai: {host: 'http://ml.example'}", "must be asked by https")]
    [InlineData("cai: {head_command: a}", "given together, or neither")]
    public void Settings_ThatCannotBe_SayWhatIsWrong(string text, string reason)
    {
        var error = Assert.Throws<CmlConfigurationException>(() => CmlSettings.Read(text, "f.yaml", Inside));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_WithoutAnything_SayAllThatIsMissing()
    {
        var error = Assert.Throws<CmlConfigurationException>(() => CmlSettings.Read("", "f.yaml", new Dictionary<string, string>()));

        Assert.All(
            ["CML_HOST", "CML_API_KEY", "cai.project_id"],
            part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }
}

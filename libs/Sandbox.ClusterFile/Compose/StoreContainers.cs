using System.Data.Common;
using System.Globalization;
using System.Text;

namespace Sandbox.ClusterFile.Compose;

/// <summary>Postgres and Redis, and how the processes are told where they are.</summary>
internal static class StoreContainers
{
    private const string DataFolder = "/var/lib/cluster/postgres";
    private const string PostgresPassword = "POSTGRES_PASSWORD";
    private const string RedisPassword = "REDIS_PASSWORD";

    public static ComposeService Postgres(ClusterPlan plan, string network)
    {
        var settings = plan.Settings.Services.Postgres;
        var service = ServiceTemplate.New(plan, ClusterPlan.PostgresName, network, settings.Image) with
        {
            Kind = "store",
            Entrypoint = ServiceTemplate.Entry("postgres"),
            Environment = new Dictionary<string, string>
            {
                ["POSTGRES_USER"] = settings.User,
                ["POSTGRES_PASSWORD_FILE"] = $"{ComposeService.SecretFolder}/{PostgresPassword}",
                ["POSTGRES_DB"] = settings.Database,
                ["PGDATA"] = DataFolder,
            },
            Ports = [new(settings.Port, 5432)],
            Mounts = [new(plan.Settings.Volumes.PostgresData, DataFolder)],
            HealthCheck = new(
                ["pg_isready", "--host", "127.0.0.1", "--username", settings.User, "--dbname", settings.Database],
                TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), 30, TimeSpan.FromSeconds(3)),
            Restarts = true,
            IsReadOnly = true,
            PublishAddresses = plan.StoreAddresses,
        };
        return service.WithSecrets(plan, new Dictionary<string, string> { [PostgresPassword] = settings.Password! });
    }

    public static ComposeService Redis(ClusterPlan plan, string network)
    {
        var service = ServiceTemplate.New(plan, ClusterPlan.RedisName, network, plan.Settings.Services.Redis.Image) with
        {
            Kind = "store",
            Entrypoint = ServiceTemplate.Entry("redis"),
            Environment = new Dictionary<string, string> { ["REDIS_PASSWORD_FILE"] = $"{ComposeService.SecretFolder}/{RedisPassword}" },
            Ports = [new(plan.Settings.Services.Redis.Port, 6379)],
            Restarts = true,
            IsReadOnly = true,
            PublishAddresses = plan.StoreAddresses,
        };
        return service.WithSecrets(plan, new Dictionary<string, string> { [RedisPassword] = plan.Secrets.Redis });
    }

    public static string Database(ClusterPlan plan, bool outside)
    {
        var settings = plan.Settings.Services.Postgres;
        if (!settings.Enabled)
        {
            return settings.Connection!;
        }

        // Quotes what would end a value.
        var text = new StringBuilder();
        Append("Host", ClusterPlan.PostgresName);
        Append("Port", (outside ? settings.Port : 5432).ToString(CultureInfo.InvariantCulture));
        Append("Username", settings.User);
        Append("Password", settings.Password!);
        Append("Database", settings.Database);
        return text.ToString();

        void Append(string key, string value) => DbConnectionStringBuilder.AppendKeyValuePair(text, key, value);
    }

    /// <summary>Empty: there is none.</summary>
    public static string LiveEntries(ClusterPlan plan, bool outside) =>
        plan.Settings.Services.Redis.Enabled
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{ClusterPlan.RedisName}:{(outside ? plan.Settings.Services.Redis.Port : 6379)},password={plan.Secrets.Redis}")
            : "";
}

using System.ComponentModel;
using Sandbox.ClusterFile.Rules;

namespace Sandbox.ClusterFile.Settings;

public sealed class HealthServiceContainer
{
    public bool Enabled { get; set; } = true;

    [Port]
    [Description("Port of the host; inside it is 8080.")]
    public int Port { get; set; } = 8888;
}

public sealed class ApiService
{
    public bool Enabled { get; set; } = true;

    [Port]
    [Description("Port of the host.")]
    public int Port { get; set; } = 8080;
}

public sealed class RedisService
{
    public bool Enabled { get; set; } = true;

    [Description("Its image; has redis-server on the PATH.")]
    public string Image { get; set; } = "sandbox-cluster:latest";

    [Port]
    [Description("Port of the host; inside it is 6379.")]
    public int Port { get; set; } = 6381;
}

public sealed class PostgresService
{
    [Description("False: the processes find another one by services.postgres.connection.")]
    public bool Enabled { get; set; } = true;

    [Description("Its image; has the programs of PostgreSQL and the entry of our image.")]
    public string Image { get; set; } = "sandbox-cluster:latest";

    [Port]
    [Description("Port of the host; inside it is 5432.")]
    public int Port { get; set; } = 5433;

    [Named]
    public string User { get; set; } = "sandbox";

    [Description("Best in .env, as SANDBOX_CLUSTER__services__postgres__password.")]
    public string? Password { get; set; }

    [Named]
    public string Database { get; set; } = "sandbox";

    [Description("Connection string of a database elsewhere; only when this one is not enabled.")]
    public string? Connection { get; set; }
}

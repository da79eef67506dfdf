using System.Net;
using Microsoft.Extensions.Logging;

namespace Sandbox.Standalone;

/// <summary>One server in one process, with its stores in one folder.</summary>
public sealed record StandaloneOptions
{
    /// <summary>Holds the database, the lock, the sockets and the folders of Local sandboxes. Made when missing, for its
    /// owner alone. Its full path stays short (<see cref="DataFolder.MaxPathBytes"/>), because sockets lie in it.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Where it listens beside <c>api.sock</c>; null: nowhere.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>File with one API key per line; null: no key.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>File with the certificate (PEM, with the chain behind it) that <see cref="Listen"/> speaks TLS with; null: it speaks
    /// none.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>File with the certificate's private key, PEM without a password; null: it is in <see cref="CertificateFile"/>.</summary>
    public string? CertificateKeyFile { get; init; }

    /// <summary><c>auto</c>, <c>docker</c> or <c>local</c>.</summary>
    public string Deployment { get; init; } = "auto";

    /// <summary>Runs Local sandboxes even where nothing isolates them and other machines can reach the server.</summary>
    public bool AllowUnisolated { get; init; }

    /// <summary>Folder with the native agents, one folder per platform.</summary>
    public string AgentFolder { get; init; } = "";

    /// <summary>The agent as a .NET program; empty: none.</summary>
    public string ManagedAgent { get; init; } = "";

    /// <summary>Writes log lines to standard error from this level on; null: none.</summary>
    public LogLevel? LogLevel { get; init; }

    /// <summary>Settings by their configuration keys (<c>Worker:Concurrency</c> …); they win over the environment
    /// (<c>SANDBOX_Worker__Concurrency</c>) and over the data folder's <c>appsettings.json</c>.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>Sandboxes that nothing isolates are for the person at this machine only, unless the options say otherwise.</summary>
    internal bool MayRunUnisolated => AllowUnisolated || Composition.IsLocal(Listen);
}

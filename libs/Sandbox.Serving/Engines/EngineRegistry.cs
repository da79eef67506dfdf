using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Sandbox.Serving.Engines;

/// <summary>The engines that can be selected by name. For any thread.</summary>
public sealed partial class EngineRegistry(ILogger<EngineRegistry> logger)
{
    private readonly Lock _lock = new();

    // In the order of their registration, which a dictionary does not promise after a removal.
    private readonly List<EngineComponents> _engines = [];
    private string? _default;

    /// <summary>Names, in the order of registration.</summary>
    public ImmutableArray<string> Names
    {
        get
        {
            lock (_lock)
            {
                return [.. _engines.Select(engine => engine.Name)];
            }
        }
    }

    /// <summary>The name of the engine that is taken when none is named; null without engines.</summary>
    public string? Default
    {
        get
        {
            lock (_lock)
            {
                return _default;
            }
        }
    }

    /// <summary>Adds an engine, in the place of one of the same name; that is logged as a warning.</summary>
    /// <param name="asDefault">It becomes the default. The first one does in any case.</param>
    public void Register(EngineComponents engine, bool asDefault = false)
    {
        lock (_lock)
        {
            if (IndexOf(engine.Name) is { } index)
            {
                Log.Replaced(logger, engine.Name);
                _engines[index] = engine;
            }
            else
            {
                _engines.Add(engine);
            }

            _default = asDefault || _default is null ? engine.Name : _default;
        }
    }

    /// <summary>Removes an engine. When it was the default, the first of the others is.</summary>
    /// <exception cref="UnknownEngineException">There is none of that name.</exception>
    public void Unregister(string name)
    {
        lock (_lock)
        {
            _engines.RemoveAt(IndexOf(name) ?? throw Unknown(name));
            _default = _default == name ? _engines.FirstOrDefault()?.Name : _default;
        }
    }

    /// <exception cref="UnknownEngineException">There is none of that name.</exception>
    public void SetDefault(string name)
    {
        lock (_lock)
        {
            _default = _engines[IndexOf(name) ?? throw Unknown(name)].Name;
        }
    }

    public bool IsRegistered(string name) => TryGet(name, out _);

    public bool TryGet(string name, [NotNullWhen(true)] out EngineComponents? engine)
    {
        lock (_lock)
        {
            engine = IndexOf(name) is { } index ? _engines[index] : null;
            return engine is not null;
        }
    }

    /// <param name="name">Null for the default.</param>
    /// <exception cref="UnknownEngineException">There is none of that name.</exception>
    /// <exception cref="InvalidOperationException">The default was asked for, and there is no engine.</exception>
    public EngineComponents Get(string? name = null)
    {
        lock (_lock)
        {
            var asked = name ?? _default ?? throw new InvalidOperationException("There is no engine, and so no default.");
            return _engines[IndexOf(asked) ?? throw Unknown(asked)];
        }
    }

    private int? IndexOf(string name) => _engines.FindIndex(engine => engine.Name == name) is >= 0 and var index ? index : null;

    private UnknownEngineException Unknown(string name) => new(name, [.. _engines.Select(engine => engine.Name)]);

    private static partial class Log
    {
        [LoggerMessage(7001, LogLevel.Warning, "Engine {Engine} was registered already; the later one takes its place")]
        public static partial void Replaced(ILogger logger, string engine);
    }
}

using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Sandbox.Serving.Configuration;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sandbox.Serving.Cml.Configuration;

/// <summary>A YAML file of maps as values by their dotted paths: <c>cai.resources.cpu</c>. Collects what is wrong with it, so that all
/// of it is said at once.</summary>
internal sealed class YamlSettings
{
    /// <summary>Largest file, characters.</summary>
    private const int Longest = 1024 * 1024;

    /// <summary>Values of a file: aliases make a small text a large tree.</summary>
    private const int MostValues = 10_000;

    private readonly string _file;
    private readonly List<(string Path, string Value)> _values = [];
    private readonly List<string> _problems = [];

    private YamlSettings(string file) => _file = file;

    /// <summary>In the order of the file.</summary>
    public IEnumerable<string> Paths => _values.Select(value => value.Path);

    /// <param name="file">Its name, for messages.</param>
    /// <param name="known">The paths that there are; <c>*</c> is any one name.</param>
    /// <exception cref="CmlConfigurationException">It is not YAML.</exception>
    public static YamlSettings Read(string text, string file, IReadOnlyCollection<string> known)
    {
        if (text.Length > Longest)
        {
            throw new CmlConfigurationException($"{file}: is longer than {Longest} characters");
        }

        var settings = new YamlSettings(file);
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            switch (stream.Documents)
            {
                case []:
                    break;
                case [{ RootNode: YamlMappingNode root }]:
                    settings.Flatten(root, "", 0);
                    break;
                default:
                    throw new CmlConfigurationException($"{file}: must hold one document with sections");
            }
        }
        catch (YamlException exception)
        {
            throw new CmlConfigurationException(string.Create(
                CultureInfo.InvariantCulture,
                $"{file} line {exception.Start.Line}: {exception.InnerException?.Message ?? exception.Message}"));
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // The library stumbles over some texts (a list that is not closed, among them) instead of saying where it was.
            throw new CmlConfigurationException($"{file}: is not YAML; is a bracket or a quote not closed?");
        }

        settings.CheckNames(known);
        return settings;
    }

    /// <summary>Null when it is not there, or empty.</summary>
    public string? Find(string path) =>
        _values.FirstOrDefault(value => value.Path == path).Value is { Length: > 0 } value ? value : null;

    public void Complain(string problem) => _problems.Add(problem);

    /// <exception cref="CmlConfigurationException">Something is wrong.</exception>
    public void ThrowIfWrong()
    {
        if (_problems.Count > 0)
        {
            throw new CmlConfigurationException(string.Join("; ", _problems.Select(problem => $"{_file}: {problem}")));
        }
    }

    /// <summary>A number within bounds; what is none is a problem.</summary>
    /// <param name="name">For the message: the path, or the name of the variable that has the text.</param>
    public T Number<T>(string name, string? text, T fallback, T least, T most)
        where T : INumber<T>
    {
        if (text is null)
        {
            return fallback;
        }

        if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Complain(string.Create(CultureInfo.InvariantCulture, $"{name} must be a number from {least} to {most}, not '{text}'"));
        return fallback;
    }

    private void Flatten(YamlMappingNode map, string above, int depth)
    {
        foreach (var (key, value) in map.Children)
        {
            if (_values.Count + _problems.Count >= MostValues)
            {
                throw new CmlConfigurationException($"{_file}: has more than {MostValues} values");
            }

            var path = above + ((key as YamlScalarNode)?.Value ?? key.ToString());
            switch (value)
            {
                case YamlMappingNode inner when depth < 4:
                    if (inner.Children.Count == 0)
                    {
                        _values.Add((path, ""));
                    }

                    Flatten(inner, path + ".", depth + 1);
                    break;
                case YamlScalarNode { Style: ScalarStyle.Plain, Value: "~" or "null" }:
                    _values.Add((path, ""));
                    break;
                case YamlScalarNode scalar:
                    _values.Add((path, scalar.Value ?? ""));
                    break;
                default:
                    Complain($"{path} must be a single value");
                    break;
            }
        }
    }

    private void CheckNames(IReadOnlyCollection<string> known)
    {
        var patterns = known.Select(name => new Regex("^" + Regex.Escape(name).Replace(@"\*", "[^.]+", StringComparison.Ordinal) + "$"))
            .ToList();
        foreach (var path in Paths.Where(path => !patterns.Any(pattern => pattern.IsMatch(path))))
        {
            // A section without values is none that is misspelt.
            if (Find(path) is null && known.Any(name => name.StartsWith(path + ".", StringComparison.Ordinal)))
            {
                continue;
            }

            var (above, last) = path.LastIndexOf('.') is var dot and >= 0 ? (path[..(dot + 1)], path[(dot + 1)..]) : ("", path);
            var beside = known.Where(name => name.Split('.').Length == path.Split('.').Length).Select(name => name.Split('.')[^1]);
            Complain(Spelling.Nearest(last, beside.Distinct()) is { } nearest
                ? $"there is no {path}; is {above}{nearest} meant?"
                : $"there is no {path}");
        }
    }
}

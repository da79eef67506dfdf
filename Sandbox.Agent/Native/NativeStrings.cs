using System.Runtime.InteropServices;
using System.Text;

namespace Sandbox.Agent.Native;

/// <summary>A null-terminated array of C strings (argv, envp), freed with this object.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private byte** _pointers;

    internal NativeStrings(IReadOnlyCollection<string> strings)
    {
        var table = (nuint)(strings.Count + 1) * (nuint)sizeof(byte*);
        var bytes = strings.Sum(text => (long)Encoding.UTF8.GetByteCount(text) + 1);
        _pointers = (byte**)NativeMemory.Alloc(table + (nuint)bytes);
        var next = (byte*)_pointers + table;
        var at = 0;
        foreach (var text in strings)
        {
            _pointers[at++] = next;
            next += Encoding.UTF8.GetBytes(text, new Span<byte>(next, Encoding.UTF8.GetByteCount(text)));
            *next++ = 0;
        }

        _pointers[at] = null;
    }

    internal byte** Pointers => _pointers;

    internal static NativeStrings Environment(IReadOnlyDictionary<string, string> env) =>
        new(env.Select(pair => $"{pair.Key}={pair.Value}").ToList());

    public void Dispose()
    {
        NativeMemory.Free(_pointers);
        _pointers = null;
    }
}

using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace TorchSharp.Utils;

/// <summary>Things by name, in the order in which they were added; a replaced thing keeps its place.</summary>
internal sealed class OrderedNames<T> : IEnumerable<(string Name, T Value)>
{
    private readonly List<string> _order = [];
    private readonly Dictionary<string, T> _values = new(StringComparer.Ordinal);

    public bool Contains(string name) => _values.ContainsKey(name);

    public bool TryGet(string name, [MaybeNullWhen(false)] out T value) => _values.TryGetValue(name, out value);

    /// <summary>False if the name is taken.</summary>
    public bool Add(string name, T value)
    {
        if (!_values.TryAdd(name, value)) return false;
        _order.Add(name);
        return true;
    }

    public void Set(string name, T value)
    {
        if (!Add(name, value)) _values[name] = value;
    }

    public void Remove(string name)
    {
        if (_values.Remove(name)) _order.Remove(name);
    }

    public void Clear()
    {
        _order.Clear();
        _values.Clear();
    }

    public IEnumerator<(string Name, T Value)> GetEnumerator()
    {
        // By index, so that a value may be replaced while its names are walked.
        for (var i = 0; i < _order.Count; i++) yield return (_order[i], _values[_order[i]]);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

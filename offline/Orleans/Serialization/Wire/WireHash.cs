using System.Text;

namespace Orleans.Serialization;

/// <summary>A hash of names that is the same in every process and of 64 bits: FNV-1a with a final mix.</summary>
internal static class WireHash
{
    public static ulong Of(string name)
    {
        var hash = 14695981039346656037ul;
        foreach (var part in Encoding.UTF8.GetBytes(name)) hash = (hash ^ part) * 1099511628211ul;
        hash ^= hash >> 32;
        hash *= 0x9E3779B97F4A7C15ul;
        return hash ^ (hash >> 29);
    }
}

using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Serialization;

namespace OrleansContrastive.Offline.Tests.Actors;

/// <summary>Random values of message types, and whether two are alike all the way down.</summary>
internal sealed class RandomValues(int seed)
{
    private readonly Random _random = new(seed);

    public object? Create(Type type, int depth = 0)
    {
        if (Nullable.GetUnderlyingType(type) is { } some) return _random.Next(2) == 0 ? null : Create(some, depth);
        if (type == typeof(string)) return Text();
        if (type == typeof(ReadOnlyMemory<byte>)) return new ReadOnlyMemory<byte>(Bytes());
        if (type == typeof(TimeSpan)) return new TimeSpan(Whole());
        if (type == typeof(bool)) return _random.Next(2) == 0;
        if (type == typeof(double)) return BitConverter.Int64BitsToDouble(Whole());
        if (type == typeof(float)) return _random.NextSingle();
        if (type.IsEnum) return Enum.ToObject(type, Whole());
        if (type.IsPrimitive) return Number(type);
        if (type.IsArray) return Array(type.GetElementType()!, depth);
        return Object(type, depth);
    }

    public static void AssertAlike(object? expected, object? found, string where)
    {
        if (expected is null || found is null)
        {
            Assert.True(expected is null && found is null, $"{where}: expected {expected ?? "null"}, found {found ?? "null"}.");
            return;
        }

        Assert.True(expected.GetType() == found.GetType(), $"{where}: expected a {expected.GetType()}, found a {found.GetType()}.");
        if (expected is ReadOnlyMemory<byte> bytes)
        {
            Assert.True(bytes.Span.SequenceEqual(((ReadOnlyMemory<byte>)found).Span), $"{where}: other bytes.");
        }
        else if (expected is IList list)
        {
            Assert.Equal(list.Count, ((IList)found).Count);
            for (var index = 0; index < list.Count; index++) AssertAlike(list[index], ((IList)found)[index], $"{where}[{index}]");
        }
        else if (expected is string or TimeSpan || expected.GetType().IsPrimitive || expected.GetType().IsEnum)
        {
            Assert.True(expected.Equals(found), $"{where}: expected {expected}, found {found}.");
        }
        else
        {
            foreach (var field in FieldsOf(expected.GetType()))
                AssertAlike(field.GetValue(expected), field.GetValue(found), $"{where}.{field.Name}");
        }
    }

    private static IEnumerable<FieldInfo> FieldsOf(Type type)
    {
        for (var level = type; level is not null && level != typeof(object); level = level.BaseType)
            foreach (var field in level.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)) yield return field;
    }

    private object Object(Type type, int depth)
    {
        var value = RuntimeHelpers.GetUninitializedObject(type);
        foreach (var member in TravellingMembers.Of(type))
        {
            var isNull = !member.Type.IsValueType && (depth > 6 || _random.Next(8) == 0);
            member.Field!.SetValue(value, isNull ? null : Create(member.Type, depth + 1));
        }

        return value;
    }

    private Array Array(Type item, int depth)
    {
        var array = System.Array.CreateInstance(item, _random.Next(_random.Next(6) == 0 ? 300 : 4));
        for (var index = 0; index < array.Length; index++) array.SetValue(Create(item, depth + 1), index);
        return array;
    }

    private object Number(Type type)
    {
        var bytes = BitConverter.GetBytes(Whole());
        return type switch
        {
            _ when type == typeof(int) => BitConverter.ToInt32(bytes),
            _ when type == typeof(uint) => BitConverter.ToUInt32(bytes),
            _ when type == typeof(long) => BitConverter.ToInt64(bytes),
            _ when type == typeof(ulong) => BitConverter.ToUInt64(bytes),
            _ when type == typeof(short) => BitConverter.ToInt16(bytes),
            _ when type == typeof(ushort) => BitConverter.ToUInt16(bytes),
            _ when type == typeof(byte) => bytes[0],
            _ when type == typeof(sbyte) => (sbyte)bytes[0],
            _ when type == typeof(char) => BitConverter.ToChar(bytes),
            _ => throw new ArgumentException($"No random {type}.", nameof(type)),
        };
    }

    // As likely of few bits as of many.
    private long Whole() => _random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64);

    private byte[] Bytes()
    {
        var bytes = new byte[_random.Next(_random.Next(4) == 0 ? 5000 : 20)];
        _random.NextBytes(bytes);
        return bytes;
    }

    private string Text() => string.Concat(Enumerable.Range(0, _random.Next(12)).Select(_ => char.ConvertFromUtf32(_random.Next(4) switch
    {
        0 => _random.Next(0xE000, 0x10FFFF),
        1 => _random.Next(0x800),
        _ => _random.Next(0x80),
    })));
}

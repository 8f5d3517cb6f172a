using System.Collections.Concurrent;
using System.Reflection;
using Orleans;
using Orleans.Runtime;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Hosting.Traffic;

/// <summary>
/// Counts the payload bytes of every call that arrives at this silo's grains, by edge: who called what. Only blocks are counted;
/// all else of a message is small. Bytes between two silos are kept apart from those that stayed in one.
/// </summary>
internal sealed class EdgeMeter(SiloIdentity silo) : IIncomingGrainCallFilter
{
    private static readonly ConcurrentDictionary<Type, Func<object, long>?> _measures = new();

    private readonly ConcurrentDictionary<(GrainType? From, string Interface, string Method), Edge> _edges = new();

    /// <summary>The counts so far.</summary>
    public IReadOnlyList<EdgeTraffic> Edges =>
        [.. _edges.Select(edge => new EdgeTraffic(Name(edge.Key.From), Name(edge.Key.Interface), edge.Key.Method, edge.Value.Calls, edge.Value.Local, edge.Value.Remote)).OrderBy(edge => edge.To, StringComparer.Ordinal)];

    /// <inheritdoc/>
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        var bytes = 0L;
        var request = context.Request;
        for (var at = 0; at < request.GetArgumentCount(); at++) bytes += BytesOf(request.GetArgument(at));
        var (source, contract, method) = (context.SourceId, request.GetInterfaceName(), request.GetMethodName());
        await context.Invoke();
        bytes += BytesOf(context.Result);
        var edge = _edges.GetOrAdd((source?.Type, contract, method), _ => new());
        edge.Add(bytes, IsRemote(source));
    }

    /// <summary>Bytes of the blocks in a message, wherever in it they are.</summary>
    internal static long BytesOf(object? message) => message switch
    {
        null => 0,
        TensorBlock block => block.Data.Length,
        Array { Rank: 1 } array when !array.GetType().GetElementType()!.IsPrimitive => array.Cast<object?>().Sum(BytesOf),
        _ => MeasureOf(message.GetType())?.Invoke(message) ?? 0,
    };

    private static Func<object, long>? MeasureOf(Type type) => _measures.GetOrAdd(type, static type =>
    {
        if (type.Namespace?.StartsWith("OrleansContrastive.", StringComparison.Ordinal) != true || type.IsEnum) return null;
        var members = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => Carries(property.PropertyType, 3)).ToArray();
        return members.Length == 0 ? null : message => members.Sum(member => BytesOf(member.GetValue(message)));
    });

    private static bool Carries(Type type, int depth)
    {
        if (type == typeof(TensorBlock)) return true;
        if (type.IsArray) return Carries(type.GetElementType()!, depth);
        return depth > 0 && type.Namespace?.StartsWith("OrleansContrastive.", StringComparison.Ordinal) == true && !type.IsEnum
            && type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Any(property => property.GetIndexParameters().Length == 0 && Carries(property.PropertyType, depth - 1));
    }

    /// <summary>Worker grains carry their silo in the key; the run grain does not, and sends no blocks.</summary>
    private bool IsRemote(GrainId? source)
    {
        if (source is not { } caller) return false;
        try
        {
            return GrainKeys.Parse(caller.Key.ToString()!).Silo != silo.Name;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static string Name(GrainType? from) => from?.ToString() ?? "client";

    private static string Name(string contract)
    {
        var name = contract[(contract.LastIndexOf('.') + 1)..];
        return name.TrimStart('I').Replace("Grain", "", StringComparison.Ordinal).ToLowerInvariant();
    }

    private sealed class Edge
    {
        private long _calls;
        private long _local;
        private long _remote;

        public long Calls => Volatile.Read(ref _calls);

        public long Local => Volatile.Read(ref _local);

        public long Remote => Volatile.Read(ref _remote);

        public void Add(long bytes, bool remote)
        {
            Interlocked.Increment(ref _calls);
            Interlocked.Add(ref remote ? ref _remote : ref _local, bytes);
        }
    }
}

/// <summary>What went along one edge.</summary>
/// <param name="From">Kind of the caller.</param>
/// <param name="To">Kind of the grain that was called.</param>
/// <param name="Method">What was asked of it.</param>
/// <param name="Calls">How often.</param>
/// <param name="LocalBytes">Payload, both ways, of calls within one silo.</param>
/// <param name="RemoteBytes">Payload, both ways, of calls between two silos.</param>
public sealed record EdgeTraffic(string From, string To, string Method, long Calls, long LocalBytes, long RemoteBytes);

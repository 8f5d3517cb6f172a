using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>
/// Whether the others reach this silo. It listens at the address that it will advertise, asks through the store, and whoever is
/// in the cluster connects and reads a number that only this silo knows: so a port that leads elsewhere is found out too.
/// </summary>
/// <remarks>
/// Behind an ingress the way to the advertised address opens only when the platform has found the silo's port open, so it must be
/// listened at before the silo joins, and the question be asked again for a while (<see cref="EndpointSettings.ReachableWithin"/>).
/// A platform's probe of this port must not ask for more than that it is open: what answers HTTP comes after the silo has joined.
/// </remarks>
internal sealed class Reachability(
    ICheckpointStore store, IMembershipTable membership, SiloIdentity silo, IOptions<ClusterOptions> cluster, IOptions<EndpointOptions> endpoints, TimeSpan within, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    // A silo says that it lives every few seconds; one that has not for so long will not answer.
    private static readonly TimeSpan AliveWithin = TimeSpan.FromSeconds(20);

    private readonly string _folder = $"clusters/{ObjectKey.Segment(cluster.Value.ClusterId)}/reach/";

    /// <summary>Asks the cluster to connect here. Returns what came of it, in words.</summary>
    /// <exception cref="SelfTestException">Nobody who tried got through.</exception>
    public async Task<string> AskAsync(CancellationToken cancellationToken)
    {
        if (!await HasOthersAsync()) return "not tried, for there is no other silo yet";
        var advertised = new IPEndPoint(endpoints.Value.AdvertisedIPAddress, endpoints.Value.SiloPort);
        var nonce = RandomNumberGenerator.GetBytes(16);
        var name = ObjectKey.Segment(silo.Name);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var listener = Listen(endpoints.Value.SiloListeningEndpoint ?? advertised);
        var answering = AnswerAsync(listener, nonce, over.Token);
        try
        {
            var began = time.GetTimestamp();
            for (var attempt = 1; ; attempt++)
            {
                // The others try every question once.
                var question = $"{name}.{attempt}";
                await store.WriteAsync(
                    $"{_folder}{question}.question", JsonSerializer.SerializeToUtf8Bytes(new Question(advertised.ToString(), Convert.ToHexString(nonce)), ReachJson.Default.Question), default, cancellationToken);
                var replies = await RepliesAsync(question, cancellationToken);
                if (replies.FirstOrDefault(reply => reply.Problem is null) is { } reached) return $"{advertised} reached by {reached.Silo}";
                if (replies.Count == 0) return $"{advertised} tried by nobody within {Patience.TotalSeconds:F0} s";
                if (time.GetElapsedTime(began) < within) continue;
                throw new SelfTestException(
                    $"Other silos cannot reach this one at {advertised} (Endpoints:Advertise, Endpoints:SiloPort; tried for {time.GetElapsedTime(began).TotalSeconds:F0} s, Endpoints:ReachableWithin): {string.Join("; ", replies.Select(reply => $"{reply.Silo}: {reply.Problem}"))}.");
            }
        }
        finally
        {
            await over.CancelAsync();
            listener.Stop();
            await answering;
            await foreach (var key in store.ListAsync($"{_folder}{name}.", CancellationToken.None)) await store.DeleteAsync(key, default, CancellationToken.None);
        }
    }

    /// <summary>Tries the addresses that others ask about, once each.</summary>
    public async Task TryOthersAsync(ISet<string> tried, CancellationToken cancellationToken)
    {
        await foreach (var key in store.ListAsync(_folder, cancellationToken))
        {
            if (!key.EndsWith(".question", StringComparison.Ordinal) || !tried.Add(key)) continue;
            if (await store.ReadAsync(key, cancellationToken) is not { } stored) continue;
            var question = JsonSerializer.Deserialize(stored.Content.Span, ReachJson.Default.Question);
            if (question is null) continue;
            var reply = new Reply(silo.Name, await TryAsync(question, cancellationToken));
            await store.WriteAsync(
                $"{key[..^".question".Length]}.{ObjectKey.Segment(silo.Name)}.reply", JsonSerializer.SerializeToUtf8Bytes(reply, ReachJson.Default.Reply), default, cancellationToken);
        }
    }

    private static TcpListener Listen(IPEndPoint endpoint)
    {
        var listener = new TcpListener(endpoint);
        try
        {
            listener.Start();
            return listener;
        }
        catch (SocketException exception)
        {
            listener.Dispose();
            throw new SelfTestException(
                $"The silo cannot listen at {endpoint} (Endpoints:SiloPort, Endpoints:ListenSiloPort): {exception.Message}. Give another port, or 0 for a free one.", exception);
        }
    }

    private static async Task<string?> TryAsync(Question question, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConnectWithin);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPEndPoint.Parse(question.Address), limit.Token);
            var found = new byte[16];
            await client.GetStream().ReadExactlyAsync(found, limit.Token);
            return Convert.ToHexString(found) == question.Nonce ? null : $"something else answers at {question.Address}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer from {question.Address} within {ConnectWithin.TotalSeconds:F0} s";
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return exception.Message;
        }
    }

    private static async Task AnswerAsync(TcpListener listener, byte[] nonce, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(over);
                await client.GetStream().WriteAsync(nonce, over);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (Exception exception) when (exception is SocketException or IOException)
            {
                // A visitor who hung up, as a platform's probe does: the next one may be a silo.
            }
        }
    }

    private async Task<List<Reply>> RepliesAsync(string question, CancellationToken cancellationToken)
    {
        var (began, replies) = (time.GetTimestamp(), new Dictionary<string, Reply>(StringComparer.Ordinal));
        while (time.GetElapsedTime(began) < Patience && replies.Values.All(reply => reply.Problem is not null))
        {
            await Task.Delay(Step, time, cancellationToken);
            await foreach (var key in store.ListAsync($"{_folder}{question}.", cancellationToken))
            {
                if (!key.EndsWith(".reply", StringComparison.Ordinal) || replies.ContainsKey(key)) continue;
                if (await store.ReadAsync(key, cancellationToken) is { } stored && JsonSerializer.Deserialize(stored.Content.Span, ReachJson.Default.Reply) is { } reply) replies.Add(key, reply);
            }
        }

        return [.. replies.Values];
    }

    private async Task<bool> HasOthersAsync()
    {
        var table = await membership.ReadAll();
        var now = time.GetUtcNow().UtcDateTime;
        return table.Members.Any(row => row.Item1.Status == SiloStatus.Active && now - row.Item1.IAmAliveTime < AliveWithin);
    }
}

/// <summary>A silo asks whether it can be reached.</summary>
internal sealed record Question([property: JsonRequired] string Address, [property: JsonRequired] string Nonce);

/// <summary>Another has tried; null = it got through.</summary>
internal sealed record Reply([property: JsonRequired] string Silo, string? Problem);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Question))]
[JsonSerializable(typeof(Reply))]
internal sealed partial class ReachJson : JsonSerializerContext;

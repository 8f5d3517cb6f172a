using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansContrastive.Offline.Tests.Network;

/// <summary>Stands before a silo's port and passes bytes on, or cuts, freezes and spoils them.</summary>
internal sealed class TestProxy : IDisposable
{
    private readonly ConcurrentDictionary<Socket, string> _sockets = new();
    private readonly ConcurrentDictionary<string, bool> _blocked = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Socket _listener;
    private readonly int _target;

    public TestProxy(int port, int target)
    {
        _target = target;
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(64);
        _ = AcceptAsync();
    }

    /// <summary>Set: nothing is passed on any more, and nothing is closed.</summary>
    public bool IsFrozen { get; set; }

    /// <summary>Changes a part of what goes to the silo; null for nothing.</summary>
    public Action<byte[], int>? Spoil { get; set; }

    /// <summary>Closes all connections; new ones may be opened.</summary>
    public void Cut()
    {
        foreach (var (socket, _) in _sockets) socket.Dispose();
    }

    /// <summary>Swallows what comes from the silo with this port, now and later.</summary>
    public void Block(int siloPort) => _blocked[$":{siloPort}@"] = true;

    public void Unblock(int siloPort) => _blocked.TryRemove($":{siloPort}@", out _);

    public void Dispose()
    {
        _closing.Cancel();
        _listener.Dispose();
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync(_closing.Token);
                _ = ServeAsync(client);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _sockets[client] = "";
            _sockets[server] = "";
            await server.ConnectAsync(IPAddress.Loopback, _target, _closing.Token);
            // The greeting names the one who connects, in plain text.
            var buffer = new byte[64 << 10];
            var count = await client.ReceiveAsync(buffer, _closing.Token);
            var greeting = Encoding.Latin1.GetString(buffer, 0, count);
            bool Holds() => IsFrozen || _blocked.Keys.Any(greeting.Contains);
            await HoldAsync(Holds);
            await SendAsync(server, buffer, count);
            await Task.WhenAny(PumpAsync(client, server, Holds, isToSilo: true), PumpAsync(server, client, Holds, isToSilo: false));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One of the two has closed.
        }
        finally
        {
            client.Dispose();
            server.Dispose();
            _sockets.TryRemove(client, out _);
            _sockets.TryRemove(server, out _);
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Func<bool> holds, bool isToSilo)
    {
        try
        {
            var buffer = new byte[64 << 10];
            while (await from.ReceiveAsync(buffer, _closing.Token) is var count and > 0)
            {
                await HoldAsync(holds);
                if (isToSilo) Spoil?.Invoke(buffer, count);
                await SendAsync(to, buffer, count);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One of the two has closed.
        }
    }

    private async Task HoldAsync(Func<bool> holds)
    {
        while (holds()) await Task.Delay(10, _closing.Token);
    }

    private static async Task SendAsync(Socket to, byte[] buffer, int count)
    {
        for (var sent = 0; sent < count;) sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
    }
}

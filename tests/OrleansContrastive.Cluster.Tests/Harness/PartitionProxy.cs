using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrleansContrastive.Cluster.Tests.Harness;

/// <summary>
/// Stands before one port of a silo and passes connections on, until it is cut: then it drops what there is, and answers nobody.
/// Whoever connects may be judged by process.
/// </summary>
internal sealed class PartitionProxy : IAsyncDisposable
{
    /// <summary>Stands for a process that was not found.</summary>
    public const int Unknown = 0;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly int _target;
    private readonly List<Link> _links = [];
    private readonly Task _accepting;
    private Func<int, bool> _isCut = _ => false;

    /// <param name="target">The port on loopback that the silo listens on.</param>
    public PartitionProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The port that the silo advertises.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Drops the connections of these processes, and takes no new ones of theirs.</summary>
    /// <param name="isCut">By process id, or <see cref="Unknown"/>.</param>
    public void Cut(Func<int, bool> isCut)
    {
        lock (_links)
        {
            _isCut = isCut;
            foreach (var link in _links.Where(link => isCut(link.Process)).ToList()) link.Close();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Stop();
        Cut(_ => true);
        await _accepting;
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptSocketAsync(_over.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Over.
        }
    }

    private async Task ServeAsync(Socket caller)
    {
        var process = OwnerOf(((IPEndPoint)caller.RemoteEndPoint!).Port);
        var link = new Link(process, caller, new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        caller.NoDelay = true;
        lock (_links)
        {
            if (_isCut(process))
            {
                link.Close();
                return;
            }

            _links.Add(link);
        }

        try
        {
            await link.Silo.ConnectAsync(IPAddress.Loopback, _target, _over.Token);
            await Task.WhenAny(PassAsync(link.Caller, link.Silo), PassAsync(link.Silo, link.Caller));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Cut, or one side is gone.
        }
        finally
        {
            link.Close();
            lock (_links) _links.Remove(link);
        }
    }

    private static async Task PassAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 << 10];
        while (await from.ReceiveAsync(buffer) is > 0 and var count)
        {
            for (var sent = 0; sent < count;) sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
        }
    }

    // A process that starts or ends while the tables are read may hide another: a second look finds it.
    private static int OwnerOf(int port) =>
        Enumerable.Range(0, 3).Select(_ => FindOwner(port)).FirstOrDefault(process => process != Unknown, Unknown);

    /// <summary>The process behind a local port of a connection to here, by Linux's tables.</summary>
    private static int FindOwner(int port)
    {
        var mark = $":{port.ToString("X4", CultureInfo.InvariantCulture)} ";
        foreach (var table in new[] { "/proc/net/tcp", "/proc/net/tcp6" })
        {
            foreach (var line in File.ReadLines(table).Skip(1))
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (!$"{fields[1]} ".EndsWith(mark, StringComparison.Ordinal)) continue;
                if (OwnerOfInode($"socket:[{fields[9]}]") is > 0 and var owner) return owner;
            }
        }

        return Unknown;
    }

    private static int OwnerOfInode(string name)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var process)) continue;
            try
            {
                if (Directory.EnumerateFiles(Path.Combine(folder, "fd")).Any(file => new FileInfo(file).LinkTarget == name)) return process;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Ended meanwhile, or somebody else's.
            }
        }

        return Unknown;
    }

    private sealed record Link(int Process, Socket Caller, Socket Silo)
    {
        public void Close()
        {
            Caller.Dispose();
            Silo.Dispose();
        }
    }
}

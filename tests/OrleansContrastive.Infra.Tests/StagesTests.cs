using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using OrleansContrastive.Infra.Tests.Checks;
using OrleansContrastive.Infra.Tests.Files;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Infra.Tests;

/// <summary>
/// The Dockerfile carried out without an engine: its COPYs from what git would give a builder, through .dockerignore, into an empty folder; its
/// restore and publish there, on the stack offline; and what comes out of it as an unprivileged user who can write to the data folder alone.
/// </summary>
public sealed class StagesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task The_stages_make_a_silo_that_becomes_ready_and_a_command_line()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The image is for Linux.");
        using var folder = new TemporaryFolder();
        Open(folder.Path);
        var file = Dockerfile.Read(Tree.Real, Dockerfiles.Cpu);
        var (app, data) = (folder["app"], Directory.CreateDirectory(folder["data"]).FullName);

        await BuildAsync(file, folder["source"], app);
        var environment = file.Instructions.Where(instruction => instruction is { Name: "ENV", Stage: "final" }).SelectMany(instruction => instruction.Pairs())
            .ToDictionary(pair => pair.Name, pair => pair.Value.Replace("/data", data, StringComparison.Ordinal).Replace("/app", app, StringComparison.Ordinal).Replace("$PATH", Environment.GetEnvironmentVariable("PATH"), StringComparison.Ordinal));
        var port = FreePort();
        environment["Health__Port"] = $"{port}";
        environment["Store__Address"] = Path.Combine(data, "store");
        environment["Worker__Lanes"] = "1";
        Lock(app, data);

        var methods = await RunAsync(Unprivileged(Path.Combine(app, "contrastive"), "methods"), environment, data);
        Assert.Contains("moco-v2", methods, StringComparison.Ordinal);

        using var silo = Start(Unprivileged(Path.Combine(app, "contrastive-silo")), environment, data);
        var said = silo.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var complained = silo.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await UntilReadyAsync(silo, port);
            Assert.Contains("ready", await RunAsync(Unprivileged(Path.Combine(app, "contrastive-silo"), "--probe", "ready"), environment, data), StringComparison.Ordinal);
            Assert.Throws<UnauthorizedAccessException>(() => AsUser(app));
            using var _ = Process.Start("kill", ["-TERM", $"{silo.Id}"]);
            await silo.WaitForExitAsync(Token).WaitAsync(Patience, Token);
            Assert.Equal(0, silo.ExitCode);
        }
        catch (Exception exception)
        {
            if (!silo.HasExited) silo.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{exception.Message}\nThe silo said:\n{await said}\n{await complained}", exception);
        }
        finally
        {
            Unlock(folder.Path);
        }
    }

    /// <summary>The first stage, with what it would copy, and those of its commands that are the SDK's.</summary>
    private static async Task BuildAsync(Dockerfile file, string source, string app)
    {
        Directory.CreateDirectory(source);
        var ignore = new DockerIgnore(Tree.Real.Read(".dockerignore"));
        var listed = await RunAsync(new("git", ["ls-files", "--cached", "--others", "--exclude-standard"]), [], Tree.Real.Root);
        var context = listed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(Tree.Real.Exists).ToHashSet();
        Dictionary<string, string> environment = new() { ["STACK"] = "offline", ["TORCH"] = file.Default("TORCH")!, ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false" };
        foreach (var instruction in file.Instructions.Where(instruction => instruction.Stage == "build"))
        {
            if (instruction.Name == "COPY")
            {
                var target = instruction.Words[^1];
                foreach (var pattern in instruction.Sources)
                {
                    var files = Dockerfiles.Copied(Tree.Real, ignore, pattern).Where(context.Contains).ToList();
                    Assert.True(files.Count > 0, $"{file.Path}({instruction.Line}): git has nothing at '{pattern}' that .dockerignore lets through.");
                    foreach (var path in files)
                    {
                        // A folder's content goes into the target; so do files.
                        var inner = pattern.EndsWith('/') ? path[pattern.Length..] : Path.GetFileName(path);
                        var copy = Path.Combine(source, target, inner);
                        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                        File.Copy(Path.Combine(Tree.Real.Root, path), copy, overwrite: true);
                    }
                }
            }
            else if (instruction.Name == "RUN" && instruction.Arguments.Contains("dotnet ", StringComparison.Ordinal))
            {
                await RunAsync(new("sh", ["-c", instruction.Arguments.Replace("-o /app", $"-o {app}", StringComparison.Ordinal)]), environment, source);
            }
        }
    }

    /// <summary>Fails as the image's user would: nothing may be written beside the programs.</summary>
    private static void AsUser(string app)
    {
        using var write = Start(Unprivileged("touch", Path.Combine(app, "written")), [], "/");
        write.WaitForExit();
        if (write.ExitCode != 0) throw new UnauthorizedAccessException();
    }

    private static async Task UntilReadyAsync(Process silo, int port)
    {
        using var http = new HttpClient();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        while (true)
        {
            Assert.False(silo.HasExited, "The silo ended before it was ready.");
            try
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/health/ready"), patience.Token);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Listens when the silo has joined.
            }

            await Task.Delay(100, patience.Token);
        }
    }

    /// <summary>A command as the image's user, where the tests run as root.</summary>
    private static ProcessStartInfo Unprivileged(string program, params string[] arguments) =>
        Environment.IsPrivilegedProcess ? new("setpriv", ["--reuid=1654", "--regid=1654", "--clear-groups", program, .. arguments]) : new(program, arguments);

    private static async Task<string> RunAsync(ProcessStartInfo start, Dictionary<string, string> environment, string folder)
    {
        using var process = Start(start, environment, folder);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        await process.WaitForExitAsync(Token).WaitAsync(Patience, Token);
        Assert.True(process.ExitCode == 0, $"{start.FileName} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}:\n{await output}\n{await error}");
        return await output;
    }

    private static Process Start(ProcessStartInfo start, Dictionary<string, string> environment, string folder)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError, start.WorkingDirectory) = (true, true, folder);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        // The runtime of the tests, wherever it lies.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        return Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void Open(string folder)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    private static void Lock(string app, string data) =>
        Process.Start("sh", ["-c", Environment.IsPrivilegedProcess ? $"chmod -R a+rX,a-w '{app}' && chown -R 1654:1654 '{data}'" : $"chmod -R a-w '{app}'"]).WaitForExit();

    private static void Unlock(string folder) => Process.Start("chmod", ["-R", "u+w", folder]).WaitForExit();
}

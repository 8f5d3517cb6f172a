using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Hosting.Health;
using OrleansContrastive.Hosting.Workers;

namespace OrleansContrastive.Hosting.Tests.Workers;

/// <summary>A silo's heartbeats, against grains that answer as a test wants.</summary>
public sealed class RunServerTests
{
    private static readonly string Encoder = GrainKeys.Encoder("run", "here", 0);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(ISiloGrain.WakeAsync))]
    [InlineData(nameof(IEncoderGrain.StartAsync))]
    [InlineData(nameof(IEncoderGrain.StopAsync))]
    public async Task An_encoder_that_takes_its_time_holds_up_no_heartbeat_and_is_asked_once(string slow)
    {
        var (isSlow, answers) = (new TaskCompletionSource(), new TaskCompletionSource());
        var (beats, asked, heard) = (0, 0, new SemaphoreSlim(0));
        var isStarted = false;
        var encoder = Grain.Of<IEncoderGrain>(method =>
        {
            if (method == nameof(IEncoderGrain.StartAsync)) isStarted = true;
            if (method != slow) return Task.CompletedTask;
            Interlocked.Increment(ref asked);
            isSlow.TrySetResult();
            return answers.Task;
        });
        var run = Grain.Of<ITrainingRunGrain>(_ =>
        {
            Interlocked.Increment(ref beats);
            heard.Release();
            // It is scaled away once it runs, where its stop is what takes long.
            var isWanted = slow != nameof(IEncoderGrain.StopAsync) || !isStarted;
            return Task.FromResult(new WorkerAssignment { Grains = isWanted ? [Encoder] : [], Running = true, Finished = false });
        });
        var grains = Grain.Of<IGrainFactory>((method, type) => type == typeof(ITrainingRunGrain) ? run : encoder);
        var server = new RunServer(
            "run", grains, new("here", WorkerRoles.Encoder), new() { Heartbeat = TimeSpan.FromMilliseconds(10), Lanes = 1 }, new NodeHealth(TimeProvider.System), TimeProvider.System, NullLogger.Instance);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var serving = server.ServeAsync(stop.Token);
        await isSlow.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        for (var further = beats + 5; Volatile.Read(ref beats) < further;)
            Assert.True(await heard.WaitAsync(TimeSpan.FromMinutes(1), Token), $"No heartbeat while {slow} takes its time.");
        Assert.Equal(1, Volatile.Read(ref asked));

        answers.SetResult();
        await stop.CancelAsync();
        await serving;
    }

    /// <summary>Answers the calls of an interface.</summary>
    public class Grain : DispatchProxy
    {
        private Func<string, Type?, object> _answer = null!;

        /// <summary>By the name of the method.</summary>
        public static T Of<T>(Func<string, object> answer)
            where T : class => Of<T>((method, _) => answer(method));

        /// <summary>By the name of the method and the type that it is asked for.</summary>
        public static T Of<T>(Func<string, Type?, object> answer)
            where T : class
        {
            var made = Create<T, Grain>();
            ((Grain)(object)made)._answer = answer;
            return made;
        }

        /// <inheritdoc/>
        protected override object Invoke(MethodInfo? targetMethod, object?[]? args) =>
            _answer(targetMethod!.Name, targetMethod.IsGenericMethod ? targetMethod.GetGenericArguments()[0] : null);
    }
}

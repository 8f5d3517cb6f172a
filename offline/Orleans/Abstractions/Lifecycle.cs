using Orleans.Runtime;

namespace Orleans
{
    /// <summary>Takes part in the start and stop of something.</summary>
    public interface ILifecycleObserver
    {
        /// <summary>Called at the start, in the order of the stages.</summary>
        Task OnStart(CancellationToken cancellationToken = default);

        /// <summary>Called at the stop, in the opposite order.</summary>
        Task OnStop(CancellationToken cancellationToken = default);
    }

    /// <summary>Something with a start and a stop in stages.</summary>
    public interface ILifecycleObservable
    {
        /// <summary>Takes part at a stage, until the result is disposed.</summary>
        IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer);
    }

    /// <summary>A service that takes part in a lifecycle.</summary>
    public interface ILifecycleParticipant<TLifecycleObservable> where TLifecycleObservable : ILifecycleObservable
    {
        /// <summary>Called once, before the start.</summary>
        void Participate(TLifecycleObservable lifecycle);
    }

    /// <summary>The stages of a silo's or client's start.</summary>
    public static class ServiceLifecycleStage
    {
        /// <summary>The first.</summary>
        public const int First = int.MinValue;

        /// <summary>The runtime's own parts.</summary>
        public const int RuntimeInitialize = 2000;

        /// <summary>The services of the runtime.</summary>
        public const int RuntimeServices = 4000;

        /// <summary>Storages.</summary>
        public const int RuntimeStorageServices = 6000;

        /// <summary>Grains of the runtime.</summary>
        public const int RuntimeGrainServices = 8000;

        /// <summary>The application's services.</summary>
        public const int ApplicationServices = 10000;

        /// <summary>The silo joins.</summary>
        public const int BecomeActive = Active - 1;

        /// <summary>The silo serves.</summary>
        public const int Active = 20000;

        /// <summary>The last.</summary>
        public const int Last = int.MaxValue;
    }

    /// <summary>Takes part in a lifecycle by functions.</summary>
    public static class LifecycleExtensions
    {
        /// <summary>Takes part at a stage, until the result is disposed.</summary>
        public static IDisposable Subscribe(
            this ILifecycleObservable observable, string observerName, int stage,
            Func<CancellationToken, Task> onStart, Func<CancellationToken, Task>? onStop) =>
            observable.Subscribe(observerName, stage, new Observer(onStart, onStop));

        /// <summary>Takes part at a stage, until the result is disposed.</summary>
        public static IDisposable Subscribe(
            this ILifecycleObservable observable, string observerName, int stage, Func<CancellationToken, Task> onStart) =>
            observable.Subscribe(observerName, stage, new Observer(onStart, null));

        private sealed class Observer(Func<CancellationToken, Task> onStart, Func<CancellationToken, Task>? onStop) : ILifecycleObserver
        {
            public Task OnStart(CancellationToken cancellationToken) => onStart(cancellationToken);

            public Task OnStop(CancellationToken cancellationToken) => onStop?.Invoke(cancellationToken) ?? Task.CompletedTask;
        }
    }
}

namespace Orleans.Runtime
{
    /// <summary>The start and stop of a silo.</summary>
    public interface ISiloLifecycle : ILifecycleObservable
    {
        /// <summary>The highest stage whose start is done.</summary>
        int HighestCompletedStage { get; }

        /// <summary>The lowest stage whose stop is done.</summary>
        int LowestStoppedStage { get; }
    }
}

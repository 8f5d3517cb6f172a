namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Anything that can be called with one input.</summary>
        public interface IModule<T, TResult>
        {
            TResult call(T input1);
        }

        /// <summary>Anything that can be called with two inputs.</summary>
        public interface IModule<T1, T2, TResult>
        {
            TResult call(T1 input1, T2 input2);
        }

        /// <summary>A module with functions to run before and after its own.</summary>
        public class HookableModule<TPreHook, TPostHook> : Module
        {
            private protected readonly List<TPreHook> _preHooks = [];
            private protected readonly List<TPostHook> _postHooks = [];

            protected HookableModule(string name) : base(name)
            {
            }

            public HookRemover register_forward_pre_hook(TPreHook hook)
            {
                _preHooks.Add(hook);
                return new HookRemover(() => _preHooks.Remove(hook));
            }

            public HookRemover register_forward_hook(TPostHook hook)
            {
                _postHooks.Add(hook);
                return new HookRemover(() => _postHooks.Remove(hook));
            }

            /// <summary>Takes a hook away again.</summary>
            public class HookRemover
            {
                private readonly Action _remove;

                internal HookRemover(Action remove) => _remove = remove;

                public void remove() => _remove();
            }
        }

        /// <summary>A module of one input.</summary>
        public abstract class Module<T, TResult> : HookableModule<Func<Module<T, TResult>, T, T>, Func<Module<T, TResult>, T, TResult, TResult>>, IModule<T, TResult>
        {
            protected Module(string name) : base(name)
            {
            }

            public abstract TResult forward(T input);

            /// <summary>The forward function between its hooks.</summary>
            public TResult call(T input)
            {
                foreach (var hook in _preHooks)
                {
                    if (hook(this, input) is { } changed) input = changed;
                }

                var result = forward(input);
                foreach (var hook in _postHooks)
                {
                    if (hook(this, input, result) is { } changed) result = changed;
                }

                return result;
            }
        }

        /// <summary>A module of two inputs.</summary>
        public abstract class Module<T1, T2, TResult> : HookableModule<Func<Module<T1, T2, TResult>, T1, T2, (T1, T2)?>, Func<Module<T1, T2, TResult>, T1, T2, TResult, TResult>>, IModule<T1, T2, TResult>
        {
            protected Module(string name) : base(name)
            {
            }

            public abstract TResult forward(T1 input1, T2 input2);

            public TResult call(T1 input1, T2 input2)
            {
                foreach (var hook in _preHooks)
                {
                    if (hook(this, input1, input2) is { } changed) (input1, input2) = changed;
                }

                var result = forward(input1, input2);
                foreach (var hook in _postHooks)
                {
                    if (hook(this, input1, input2, result) is { } changed) result = changed;
                }

                return result;
            }
        }
    }
}

package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.resilience.RetryBudget;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Pays a call's share into a budget. It stands outside of everything that takes out of it, once: attempts further in are
 * what the budget bounds, and must not pay for more of their kind.
 */
public final class DepositLayer extends Layer {

    private final RetryBudget budget;
    private final Layer inner;

    private DepositLayer(RetryBudget budget, Layer inner) {
        this.budget = budget;
        this.inner = inner;
    }

    /** Pays in before the inner layer begins; the inner layer itself where there is no budget. */
    public static Layer into(@Nullable RetryBudget budget, Layer inner) {
        return budget == null ? inner : new DepositLayer(budget, inner);
    }

    @Override
    public boolean mayWait() {
        return inner.mayWait();
    }

    @Override
    public @Nullable Object call(Callable<?> body, @Nullable CallScope scope) throws Exception {
        budget.deposit();
        return inner.call(body, scope);
    }

    @Override
    public @Nullable Object start(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope)
            throws Exception {
        budget.deposit();
        return inner.start(body, scope);
    }
}

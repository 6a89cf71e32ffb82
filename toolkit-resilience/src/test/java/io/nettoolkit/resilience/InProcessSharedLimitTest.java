package io.nettoolkit.resilience;

class InProcessSharedLimitTest extends SharedLimitContract {

    private final TokenStore store = TokenStore.inProcess();

    @Override
    protected TokenStore store() {
        return store;
    }
}

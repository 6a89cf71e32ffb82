/** What a user writes: every published module by its name. */
module io.example.consumer {
    requires io.nettoolkit.core;
    requires io.nettoolkit.tcp;
    requires io.nettoolkit.udp;
    requires io.nettoolkit.dns;
    requires io.nettoolkit.pool;
    requires io.nettoolkit.resilience;
    requires io.nettoolkit.testkit;
}

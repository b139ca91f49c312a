use std::sync::Barrier;
use std::thread;

use crate::harness::{PASSWORD, Server, address};

const RACES: usize = 20;

#[test]
fn an_address_registered_at_both_doors_at_once_becomes_one_account() {
    let server = Server::start();
    let addresses: Vec<String> = (0..RACES).map(|_| address("racer")).collect();
    let start = Barrier::new(2 * RACES);
    let outcomes: Vec<(u16, u16)> = thread::scope(|scope| {
        let (server, start) = (&server, &start);
        let pairs: Vec<_> = addresses
            .iter()
            .map(|address| {
                let backend_plus = scope.spawn(move || {
                    start.wait();
                    server.backend_plus().register(address)
                });
                let pluto = scope.spawn(move || {
                    start.wait();
                    server.pluto().register(address)
                });
                (backend_plus, pluto)
            })
            .collect();
        let status = |answer: thread::Result<crate::harness::Answer>| answer.unwrap().status().as_u16();
        pairs
            .into_iter()
            .map(|(one, other)| (status(one.join()), status(other.join())))
            .collect()
    });

    for (address, (backend_plus, pluto)) in addresses.iter().zip(outcomes) {
        match (backend_plus, pluto) {
            (204, 403) => {
                let ticket = server.mail_to(address).query("ticket");
                server.backend_plus().activate(&ticket).expect(204);
            }
            (400, 200) => {
                let token = server.mail_to(address).query("token");
                server
                    .get(&format!("/web/mail/verify/{token}"))
                    .send()
                    .expect(200);
            }
            both => panic!("{address}: not exactly one won: {both:?}"),
        }
        // The winner's account is whole: it opens through both doors.
        server.backend_plus().try_log_in(address, PASSWORD).expect(200);
        server.pluto().try_log_in(address, PASSWORD).expect(200);
        assert!(
            server.unread_mail_to(address).is_none(),
            "the loser sends nothing"
        );
    }
}

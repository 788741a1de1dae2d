//! What the demo, the end-to-end tests and the benches run against: an identity provider, stand-in applications, a
//! browser without a screen and a launcher for Envoy.
//!
//! Nothing here ships. Everything listens on loopback only, and the keys are in the repository.

pub mod app;
pub mod atlassian_scim;
pub mod attack;
pub mod balancer;
pub mod bitbucket;
pub mod browser;
pub mod client;
pub mod config;
pub mod confluence;
pub mod crowd;
pub mod envoy;
pub mod etcd;
pub mod idp;
pub mod jira;
pub mod jira_cloud;
pub mod load;
pub mod metadata_server;
pub mod page;
pub mod provisioner;
pub mod receiver;
pub mod scene;
pub mod scim_keeper;
pub mod scim_server;
pub mod scim_tester;
pub mod server;
pub mod shared;
pub mod soak;
pub mod sources;
pub mod stand_in;

pub use scene::{Scene, SceneOptions};
pub use shared::{SharedScene, Turn};

"""Exchange on-premises, through Exchange Web Services. Imported only where a server of kind "ews" is configured."""

/*
** pg_absent.c - what libpq.a asks of Kerberos and LDAP: "not built in".
**
** Debian's libpq.a speaks both, and there are no static libraries of them. Nobody comes here unless he asks for it:
** gssencmode=require and a server that wants GSSAPI fail with libpq's own sentence, and so does a service file
** that names an LDAP server. The functions take more than is said here; none of it is looked at.
*/
enum { GSS_FAILURE = 13 << 16, LDAP_ERROR = -1 };

const void *GSS_C_NT_HOSTBASED_SERVICE;

#define GSS_ABSENT(name)                                                                                     \
  unsigned name(unsigned *minor);                                                                            \
  unsigned name(unsigned *minor) { return *minor = 0, GSS_FAILURE; }
#define GSS_NOTHING(name)                                                                                    \
  unsigned name(unsigned *minor);                                                                            \
  unsigned name(unsigned *minor) { return *minor = 0; }
#define LDAP_ABSENT(name)                                                                                    \
  int name(void);                                                                                            \
  int name(void) { return LDAP_ERROR; }
#define LDAP_NOTHING(name)                                                                                   \
  void *name(void);                                                                                          \
  void *name(void) { return 0; }

GSS_ABSENT(gss_acquire_cred)
GSS_ABSENT(gss_display_status)
GSS_ABSENT(gss_import_name)
GSS_ABSENT(gss_init_sec_context)
GSS_ABSENT(gss_unwrap)
GSS_ABSENT(gss_wrap)
GSS_ABSENT(gss_wrap_size_limit)
GSS_NOTHING(gss_delete_sec_context)
GSS_NOTHING(gss_release_buffer)
GSS_NOTHING(gss_release_cred)
GSS_NOTHING(gss_release_name)

LDAP_ABSENT(ldap_count_entries)
LDAP_ABSENT(ldap_result)
LDAP_ABSENT(ldap_search_st)
LDAP_ABSENT(ldap_set_option)
LDAP_ABSENT(ldap_simple_bind)
LDAP_ABSENT(ldap_unbind)
LDAP_NOTHING(ldap_first_entry)
LDAP_NOTHING(ldap_get_values_len)
LDAP_NOTHING(ldap_init) /* the first that is called: libpq goes no further */
LDAP_NOTHING(ldap_msgfree)
LDAP_NOTHING(ldap_value_free_len)

const char *ldap_err2string(int code);
const char *ldap_err2string(int code) { return (void)code, "LDAP is not built in"; }
